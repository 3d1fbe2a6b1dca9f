package io.blobstore.bench;

import io.blobstore.bench.ProcessMeter.Usage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A server and its client, which are ready; measures the server. */
final class ServerTurn implements RowComparison.Turn {
    private static final double NANOS = 1e9;

    private final ServerProcess server;
    private final RowComparison.Turn client;
    private final List<Measurement> clientRounds = new ArrayList<>();

    ServerTurn(ServerProcess server, RowComparison.Turn client) {
        this.server = server;
        this.client = client;
    }

    @Override
    public Measurement run() throws IOException, InterruptedException {
        Usage before = server.usage();
        Measurement round = clientRound();
        Usage after = server.usage();
        clientRounds.add(round);
        return new Measurement(
                (after.cpuNanos() - before.cpuNanos()) / NANOS,
                round.wallSeconds(),
                (after.compilerNanos() - before.compilerNanos()) / NANOS,
                0,
                true);
    }

    private Measurement clientRound() throws IOException, InterruptedException {
        try {
            return client.run();
        } catch (BenchmarkException e) {
            server.printErrors();
            throw e;
        }
    }

    @Override
    public double memoryMib() {
        return client.memoryMib();
    }

    @Override
    public List<Measurement> clientRounds() {
        return clientRounds;
    }

    @Override
    public void close() {
        client.close();
        server.close();
    }
}
