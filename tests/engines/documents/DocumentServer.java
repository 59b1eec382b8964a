import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.h2.mvstore.MVMap;

/**
 * mongo-java-server on a file. Arguments: the file, the port.
 *
 * <p>Its own command always listens on 27017, says a protocol version older than the driver takes (though it
 * speaks what we use of the newer one), answers a write up to a second before it is on the file, and reads a
 * whole collection for a query that has more to it than the id.
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
