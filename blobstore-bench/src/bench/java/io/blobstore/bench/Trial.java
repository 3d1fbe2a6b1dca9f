package io.blobstore.bench;

import java.nio.file.Path;
import java.util.Optional;

/** A client in this JVM and its server in another, for JMH. */
public final class Trial implements AutoCloseable {
    private final BenchmarkEnvironment environment;
    private final TransferSpec spec;
    private final BenchmarkClient client;
    private int rounds;

    private Trial(BenchmarkEnvironment environment, TransferSpec spec, BenchmarkClient client) {
        this.environment = environment;
        this.spec = spec;
        this.client = client;
    }

    /**
     * Starts the server and the client. For HTTPS, this JVM trusts the server from then on.
     *
     * @param client the name of a client
     * @param upload whether the client uploads; otherwise it reads into memory
     * @param transport {@code HTTP} or {@code HTTPS}
     * @param size bytes of the content
     * @param partSize bytes of a part
     * @param concurrency the number of concurrent parts
     */
    public static Trial start(String client, boolean upload, String transport, long size, int partSize, int concurrency)
            throws Exception {
        Path parent = Workspace.parent(Optional.empty(), 3 * size);
        BenchmarkEnvironment environment = new BenchmarkEnvironment(parent, size, Conditions.NONE);
        try {
            ClientType type = ClientType.valueOf(client);
            Operation operation = upload ? Operation.UPLOAD : Operation.READ;
            TransferSpec spec = environment.spec(type, operation, Transport.valueOf(transport), partSize, concurrency);
            environment.clientProperties(spec).forEach(System::setProperty);
            return new Trial(environment, spec, type.open(spec));
        } catch (Throwable e) {
            environment.close();
            throw e;
        }
    }

    /** Transfers the content once. */
    public void round() throws Exception {
        client.round();
        rounds++;
    }

    /** Stops both; fails if the server counted less than the rounds transferred. */
    @Override
    public void close() throws Exception {
        try (environment;
                client) {
            environment.requireTraffic(spec, rounds);
        }
    }
}
