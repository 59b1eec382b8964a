import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.util.List;
import java.util.Set;

/**
 * mongo-java-server on a file. Arguments: the file, the port.
 *
 * <p>Its own command always listens on 27017, says a protocol version older than the driver takes (though it
 * speaks what we use of the newer one), and answers a write up to a second before it is on the file.
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
