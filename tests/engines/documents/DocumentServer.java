import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.util.List;

/**
 * mongo-java-server on a file. Arguments: the file, the port.
 *
 * <p>Its own command always listens on 27017, and says a protocol version older than the driver takes, though
 * it speaks what we use of the newer one.
 */
public final class DocumentServer {
    public static void main(String[] arguments) {
        MongoServer server = new MongoServer(new H2Backend(arguments[0]).version(new Version()));
        server.bind("127.0.0.1", Integer.parseInt(arguments[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
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
