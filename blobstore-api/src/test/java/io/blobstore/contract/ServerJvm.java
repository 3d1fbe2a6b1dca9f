package io.blobstore.contract;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A server in a separate JVM, so that its threads and sockets do not count as leaks of a test. Its {@code main} method
 * ends with {@link #serve}.
 *
 * <p>Thread-safe.
 */
public final class ServerJvm implements AutoCloseable {
    private static final String READY = "ready at ";
    private static final Duration START = Duration.ofSeconds(60);

    private final ChildJvm.Running process;
    private final List<URI> endpoints;

    private ServerJvm(ChildJvm.Running process, List<URI> endpoints) {
        this.process = process;
        this.endpoints = endpoints;
    }

    /**
     * Starts a server, and waits until it accepts requests.
     *
     * @param directory its working directory: a temporary one
     */
    public static ServerJvm start(Class<?> main, Path directory, String... args)
            throws IOException, InterruptedException {
        ChildJvm.Running process = ChildJvm.of(main, directory)
                .with("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
                .start(args);
        try {
            String ready = process.awaitLine(text -> text.startsWith(READY), START);
            return new ServerJvm(
                    process,
                    Arrays.stream(ready.substring(READY.length()).split(" "))
                            .map(URI::create)
                            .toList());
        } catch (InterruptedException | AssertionError e) {
            process.close();
            throw e;
        }
    }

    /**
     * Prints the endpoints of the server, and blocks until the JVM that started this one ends; then ends this JVM.
     * Called at the end of the {@code main} method. Does not return.
     */
    public static void serve(URI... endpoints) throws IOException {
        System.out.println(READY + Arrays.stream(endpoints).map(URI::toString).collect(Collectors.joining(" ")));
        while (System.in.read() >= 0) {
            // until the parent closes the pipe
        }
        System.exit(0);
    }

    /** Returns the endpoints of the server, in the order in which it printed them. */
    public List<URI> endpoints() {
        return endpoints;
    }

    /** Kills the server. */
    @Override
    public void close() {
        process.close();
    }
}
