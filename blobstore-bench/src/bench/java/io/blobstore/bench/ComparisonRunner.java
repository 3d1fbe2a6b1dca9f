package io.blobstore.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Runs a comparison: all clients are up at once, each in its own process, are warmed up one after the other, and then
 * take turns round by round, so that noise affects all clients equally. A client that fails leaves; the others
 * continue.
 */
final class ComparisonRunner implements AutoCloseable {
    private static final double MIB = 1L << 20;

    private final Comparison comparison;
    private final BenchmarkEnvironment environment;
    private final List<ClientProcess> clients = new ArrayList<>();
    private final Map<ClientType, ClientResult> results = new EnumMap<>(ClientType.class);

    private ComparisonRunner(Comparison comparison, BenchmarkEnvironment environment) {
        this.comparison = comparison;
        this.environment = environment;
    }

    /** Runs a comparison in an environment that serves its size. */
    static ComparisonResult run(Comparison comparison, Comparison.Pace pace, BenchmarkEnvironment environment) {
        try (ComparisonRunner runner = new ComparisonRunner(comparison, environment)) {
            return runner.run(pace);
        }
    }

    @FunctionalInterface
    private interface Action {
        void run() throws IOException, InterruptedException;
    }

    @FunctionalInterface
    private interface Turn {
        void run(ClientProcess client) throws IOException, InterruptedException;
    }

    private ComparisonResult run(Comparison.Pace pace) {
        comparison.clients().forEach(type -> attempt(type, () -> start(type)));
        each(client -> {
            if (client.spec.operation().canBeRehearsed()) {
                client.rehearse(
                        environment.rehearsal(client.spec), pace.warmUp().rehearsal());
            }
            client.warmUp(pace.warmUp());
        });
        for (int round = 0; round < pace.rounds(); round++) {
            each(client -> takeTurn(client, pace));
        }
        each(client -> {
            BenchmarkEnvironment.Traffic passed = environment.requireTraffic(client.spec, client.transfers());
            double needed =
                    client.transfers() * (double) client.spec.operation().bytesOf(comparison.size());
            results.put(
                    client.type,
                    new ClientResult(
                            client.type.name(),
                            client.type.title,
                            client.type.store(),
                            "",
                            List.copyOf(client.rounds),
                            client.memoryGrowth() / MIB,
                            passed.bytes() / needed,
                            passed.security()));
        });
        return new ComparisonResult(
                comparison.title(),
                comparison.setting(),
                comparison.operation().isOfSmallObjects() ? Operation.OBJECTS : 0,
                comparison.operation().bytesOf(comparison.size()) / MIB,
                List.copyOf(results.values()));
    }

    private void start(ClientType type) throws IOException, InterruptedException {
        if (!type.isAvailable()) {
            throw new BenchmarkException("does not run on this platform");
        }
        TransferSpec spec = environment.spec(
                type, comparison.operation(), comparison.transport(), comparison.partSize(), comparison.concurrency());
        clients.add(ClientProcess.start(type, spec, environment));
    }

    private static void takeTurn(ClientProcess client, Comparison.Pace pace) throws IOException, InterruptedException {
        if (pace.repeats() > 0) {
            client.measure(pace.repeats());
            return;
        }
        int times = client.timesIn(pace.seconds());
        if (times > 1) {
            client.run(1);
        }
        client.measure(times);
    }

    /** Gives each client a turn, one after the other. */
    private void each(Turn turn) {
        for (ClientProcess client : List.copyOf(clients)) {
            attempt(client.type, () -> turn.run(client));
        }
    }

    private void attempt(ClientType type, Action action) {
        try {
            action.run();
        } catch (BenchmarkException | IOException e) {
            results.put(
                    type, ClientResult.failure(type.name(), type.title, type.store(), String.valueOf(e.getMessage())));
            clients.stream().filter(client -> client.type == type).forEach(ClientProcess::close);
            clients.removeIf(client -> client.type == type);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchmarkException("interrupted");
        }
    }

    @Override
    public void close() {
        clients.forEach(ClientProcess::close);
    }
}
