package io.blobstore.bench;

import io.blobstore.bench.ProcessMeter.Usage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A server that is measured, in a process of its own. */
final class ServerProcess implements AutoCloseable {
    /** The options of its JVM. The number of compiler threads is fixed, as their time cannot be told when they end. */
    static final List<String> OPTIONS = List.of("-Xmx96m", "-XX:-UseDynamicNumberOfCompilerThreads");

    /** The property that names the {@code blobstore} script, whose other options for the JVM apply if it is set. */
    private static final String SCRIPT = "blobstore.command";

    private static final String LISTENING = "listening on ";
    /** The script may have to build the command. */
    private static final Duration TIMEOUT = Duration.ofMinutes(5);

    private static final long END_SECONDS = 10;

    private final ChildProcess process;
    private final String endpoint;

    private ServerProcess(ChildProcess process, String endpoint) {
        this.process = process;
        this.endpoint = endpoint;
        Runtime.getRuntime()
                .addShutdownHook(new Thread(process::close)); // a cache server does not end with its standard input
    }

    /** Starts a server. */
    interface Starter {
        /**
         * Starts the server, and waits until it listens.
         *
         * @param directory for its files; its own
         */
        ServerProcess start(Path directory) throws IOException, InterruptedException;
    }

    /** Returns a starter of {@code blobstore serve} that listens for HTTP. */
    static Starter http(String... options) {
        return directory -> serve(directory, List.of(options), false);
    }

    /** Returns a starter of {@code blobstore serve} that listens for gRPC. */
    static Starter grpc() {
        return directory -> serve(directory, List.of("--grpc-listen=127.0.0.1:0"), true);
    }

    /** Returns a starter of a {@link FileServer}. */
    static Starter files() {
        return directory -> {
            ChildProcess process = ChildProcess.start(
                    FileServer.class,
                    OPTIONS,
                    List.of(directory.resolve("files").toString()),
                    Map.of(),
                    directory.resolve("log"));
            return new ServerProcess(process, "http://127.0.0.1:" + await(process, "#port "));
        };
    }

    private static ServerProcess serve(Path directory, List<String> options, boolean grpc)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(command());
        command.addAll(List.of("serve", "--dir=" + directory.resolve("cache"), "--max=16GiB", "--listen=127.0.0.1:0"));
        command.addAll(options);
        Map<String, String> environment =
                Map.of("JAVA_HOME", System.getProperty("java.home"), "JAVA_OPTS", String.join(" ", OPTIONS));
        ChildProcess process = ChildProcess.start(command, environment, LISTENING, directory.resolve("log"));
        String http = await(process, LISTENING);
        return new ServerProcess(process, grpc ? await(process, LISTENING) : http);
    }

    private static List<String> command() {
        String script = System.getProperty(SCRIPT, "");
        if (!script.isEmpty()) {
            return List.of(script);
        }
        List<String> java = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC"));
        java.addAll(OPTIONS);
        java.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.blobstore.cli.Main"));
        return java;
    }

    private static String await(ChildProcess process, String beginning) throws InterruptedException {
        try {
            return process.await(beginning, TIMEOUT, () -> {}).substring(beginning.length());
        } catch (BenchmarkException | InterruptedException e) {
            process.close();
            throw e;
        }
    }

    /** Returns where it listens, as a URI. */
    String endpoint() {
        return endpoint;
    }

    /** Returns what it has used so far. */
    Usage usage() throws IOException {
        return ProcessMeter.usage(process.handle());
    }

    /** Returns the bytes of its anonymous memory. */
    long anonymousMemory() {
        return process.anonymousMemory();
    }

    /** Prints the end of its standard error. */
    void printErrors() {
        process.printErrors();
    }

    /** Ends the process, and waits until it has ended. */
    @Override
    public void close() {
        process.close();
        process.handle().onExit().orTimeout(END_SECONDS, TimeUnit.SECONDS).join();
    }
}
