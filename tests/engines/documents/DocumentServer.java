import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.ValueComparator;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.h2.mvstore.MVMap;

/**
 * mongo-java-server on a file. Arguments: the file, the port.
 *
 * <p>Its own command always listens on 27017, says a protocol version older than the driver takes (though it
 * speaks what we use of the newer one), answers a write up to a second before it is on the file, and reads a
 * whole collection for every query that is not for an id alone.
 */
public final class DocumentServer {
    public static void main(String[] arguments) {
        MongoServer server = new MongoServer(new Durable(arguments[0]).version(new Version()));
        server.bind("127.0.0.1", Integer.parseInt(arguments[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    }

    /** A write is answered when it is on the file, so that killing the server loses nothing. */
    private static final class Durable extends H2Backend {
        private static final Set<String> WRITES =
                Set.of("insert", "update", "delete", "findandmodify", "createindexes", "drop");

        Durable(String file) {
            super(file);
        }

        @Override
        public Document handleCommand(Channel channel, String database, String command, Document query) {
            Document answer = super.handleCommand(channel, database, command, query);
            if (WRITES.contains(command.toLowerCase())) {
                commit();
            }
            return answer;
        }

        @Override
        protected MongoDatabase openOrCreateDatabase(String name) {
            return new Looking(name);
        }

        /** Its collections look documents up, where the original's would be read whole. */
        private final class Looking extends H2Database {
            Looking(String name) {
                super(name, getMvStore(), getCursorRegistry());
            }

            @Override
            protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
                String whole = getDatabaseName() + "." + name;
                MVMap<Object, Document> documents = getMvStore().openMap("databases." + whole);
                MVMap<String, Object> meta = getMvStore().openMap("meta." + whole);
                return new ById(this, name, options, documents, meta, cursorRegistry);
            }

            @Override
            protected Index<Object> openOrCreateSecondaryIndex(
                    String collection, String name, List<IndexKey> keys, boolean sparse) {
                return new Ordered(name, keys);
            }
        }
    }

    /** A query for ids and more finds the documents by their ids first, and then matches the rest of it. */
    private static final class ById extends H2Collection {
        ById(
                MongoDatabase database,
                String name,
                CollectionOptions options,
                MVMap<Object, Document> documents,
                MVMap<String, Object> meta,
                CursorRegistry cursors) {
            super(database, name, options, documents, meta, cursors);
        }

        @Override
        protected QueryResult matchDocuments(
                Document query, Document order, int skip, int limit, int batch, Document fields) {
            Optional<Set<?>> ids = texts(query.get("_id"));
            if (ids.isEmpty()) {
                return super.matchDocuments(query, order, skip, limit, batch, fields);
            }
            Stream<Document> found = ids.get().stream().map(this::getDocument).filter(Objects::nonNull);
            return matchDocumentsFromStream(found, query, order, skip, limit, batch, fields);
        }

        /** What a condition on the id asks for, where that is one or several texts, as all of our ids are. */
        private static Optional<Set<?>> texts(Object condition) {
            if (condition instanceof String text) {
                return Optional.of(Set.of(text));
            }
            boolean listed = condition instanceof Document asked && asked.keySet().equals(Set.of("$in"));
            return listed && ((Document) condition).get("$in") instanceof Collection<?> several
                            && several.stream().allMatch(String.class::isInstance)
                    ? Optional.of(new LinkedHashSet<>(several))
                    : Optional.empty();
        }
    }

    /**
     * Finds documents by the first field of an index, for one value, several, or a range; what else a query
     * asks is matched on those. In memory: the collection fills it when it is opened.
     */
    private static final class Ordered extends Index<Object> {
        private static final Set<String> RANGE = Set.of("$gt", "$gte", "$lt", "$lte");
        private final String field;
        private final TreeMap<Object, Map<Object, Object>> positions =
                new TreeMap<>(ValueComparator.ascWithoutListHandling());

        Ordered(String name, List<IndexKey> keys) {
            super(name, keys, true); // sparse: what lacks the field is not in it
            field = keys.get(0).getKey();
        }

        @Override
        public synchronized boolean canHandle(Document query) {
            Object asked = query.get(field);
            if (query.containsKey("_id") || asked == null) {
                return false;
            }
            if (!(asked instanceof Document condition)) {
                return isPlain(asked);
            }
            boolean several = condition.keySet().equals(Set.of("$in"))
                    && condition.get("$in") instanceof Collection<?> values
                    && values.stream().allMatch(Ordered::isPlain);
            boolean range = !condition.isEmpty() && RANGE.containsAll(condition.keySet())
                    && condition.values().stream().allMatch(Ordered::isPlain);
            return several || range;
        }

        @Override
        public synchronized Iterable<Object> getPositions(Document query) {
            Object asked = query.get(field);
            Stream<Map<Object, Object>> found;
            if (!(asked instanceof Document condition)) {
                found = Stream.ofNullable(positions.get(asked));
            } else if (condition.get("$in") instanceof Collection<?> values) {
                found = values.stream().distinct().map(positions::get).filter(Objects::nonNull);
            } else {
                found = within(condition.getOrDefault("$gte", condition.get("$gt")),
                        condition.getOrDefault("$lte", condition.get("$lt")));
            }
            return found.flatMap(one -> one.values().stream()).toList();
        }

        /** The bounds included; null is none. */
        private Stream<Map<Object, Object>> within(Object low, Object high) {
            var from = low == null ? positions : positions.tailMap(low, true);
            if (high == null) {
                return from.values().stream();
            }
            boolean empty = low != null && positions.comparator().compare(low, high) > 0;
            return empty ? Stream.empty() : from.headMap(high, true).values().stream();
        }

        @Override
        public synchronized void add(Document document, Object position, MongoCollection<Object> collection) {
            if (document.containsKey(field)) {
                positions.computeIfAbsent(document.get(field), value -> new LinkedHashMap<>())
                        .put(document.get("_id"), position);
            }
        }

        @Override
        public synchronized Object remove(Document document) {
            if (document.containsKey(field)) {
                positions.computeIfPresent(document.get(field), (value, those) -> {
                    those.remove(document.get("_id"));
                    return those.isEmpty() ? null : those;
                });
            }
            return null;
        }

        @Override
        public synchronized void updateInPlace(
                Document before, Document after, Object position, MongoCollection<Object> collection) {
            remove(before);
            add(after, position, collection);
        }

        @Override
        public Object getPosition(Document document) {
            return null; // that of one document is known to the index of ids
        }

        @Override
        public void checkAdd(Document document, MongoCollection<Object> collection) {}

        @Override
        public void checkUpdate(Document before, Document after, MongoCollection<Object> collection) {}

        @Override
        public synchronized long getCount() {
            return positions.size();
        }

        @Override
        public long getDataSize() {
            return 0;
        }

        @Override
        public synchronized void drop() {
            positions.clear();
        }

        private static boolean isPlain(Object value) {
            return value instanceof String || value instanceof Number || value instanceof Instant;
        }
    }

    private static final class Version implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 13;
        }
    }
}
