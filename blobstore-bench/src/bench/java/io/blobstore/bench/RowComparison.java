package io.blobstore.bench;

import io.blobstore.bench.Alternative.ByServer;
import io.blobstore.bench.Alternative.Commands;
import io.blobstore.bench.Alternative.InJvm;
import io.blobstore.bench.Alternative.Missing;
import io.blobstore.bench.Alternative.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Measures the alternatives of a row, which take turns, so that noise affects all of them equally. */
final class RowComparison {
    private static final Duration TIMEOUT = Duration.ofMinutes(20);
    private static final double MIB = 1 << 20;

    private final BenchRow.Setting setting;
    private final Path source;
    private final long size;
    private final String endpoint;
    private final Traffic traffic;

    /**
     * What the server sends.
     *
     * @param sent returns the bytes of content that were sent so far; alternatives do not work meanwhile
     * @param used the bytes that a round needs
     */
    record Traffic(LongSupplier sent, long used) {
        private static final Traffic UNKNOWN = new Traffic(() -> 1, 0);
    }

    /**
     * Creates a comparison.
     *
     * @param source a file with the content
     * @param size what {@link Workload.Spec#size} is to be
     * @param endpoint the server, or empty
     */
    RowComparison(BenchRow.Setting setting, Path source, long size, String endpoint) {
        this(setting, source, size, endpoint, Traffic.UNKNOWN);
    }

    /** Creates a comparison of how much is fetched, too. */
    RowComparison(BenchRow.Setting setting, Path source, long size, String endpoint, Traffic traffic) {
        this.setting = setting;
        this.source = source;
        this.size = size;
        this.endpoint = endpoint;
        this.traffic = traffic;
    }

    /** An alternative that is ready to be measured. */
    interface Turn extends AutoCloseable {
        Measurement run() throws IOException, InterruptedException;

        /** Returns the peak of its memory, or 0. */
        default double memoryMib() {
            return 0;
        }

        /** Returns what the client has used in each round so far, if another process is measured. */
        default List<Measurement> clientRounds() {
            return List.of();
        }

        @Override
        default void close() {}
    }

    /** Measures all alternatives, in turn in each round; one that fails is left out from then on. */
    List<ClientResult> run(List<Alternative> alternatives) throws IOException, InterruptedException {
        List<Participant> participants = new ArrayList<>();
        try {
            for (Alternative each : alternatives) {
                participants.add(new Participant(each));
                participants.get(participants.size() - 1).start(participants.size() - 1);
            }
            for (int round = -setting.warmUp(); round < setting.rounds(); round++) {
                for (Participant each : participants) {
                    each.run(round >= 0);
                }
            }
            return participants.stream()
                    .flatMap(each -> each.results().stream())
                    .toList();
        } finally {
            participants.forEach(Participant::close);
        }
    }

    /** An alternative, and what was measured of it. */
    private final class Participant {
        private final Alternative alternative;
        private final List<Measurement> rounds = new ArrayList<>();
        private Optional<Turn> turn = Optional.empty();
        private long fetched;
        private String failure;

        Participant(Alternative alternative) {
            this.alternative = alternative;
            this.failure = alternative.work() instanceof Missing missing ? missing.reason() : "";
        }

        void start(int number) throws IOException, InterruptedException {
            try {
                turn = RowComparison.this.start(alternative, number);
            } catch (BenchmarkException e) {
                fail(e);
            }
        }

        void run(boolean counts) throws IOException, InterruptedException {
            if (turn.isEmpty()) {
                return;
            }
            try {
                long before = traffic.sent().getAsLong();
                Measurement round = turn.get().run();
                long sent = traffic.sent().getAsLong() - before;
                if (counts) {
                    rounds.add(round);
                    fetched += sent;
                }
            } catch (BenchmarkException e) {
                fail(e);
            }
        }

        private void fail(BenchmarkException e) {
            failure = String.valueOf(e.getMessage());
            rounds.clear();
            close();
            turn = Optional.empty();
        }

        List<ClientResult> results() {
            double memory = turn.map(Turn::memoryMib).orElse(0.0);
            double ratio = traffic.used() == 0 ? 1 : fetched / (double) traffic.used() / Math.max(1, rounds.size());
            List<ClientResult> results = new ArrayList<>();
            results.add(new ClientResult(
                    alternative.client(), alternative.title(), "", failure, rounds, memory, ratio, ""));
            List<Measurement> ofClient = turn.map(Turn::clientRounds).orElse(List.of());
            if (!ofClient.isEmpty()) {
                results.add(new ClientResult(
                        alternative.client() + " client",
                        alternative.title() + ": the client",
                        "",
                        "",
                        ofClient.subList(setting.warmUp(), ofClient.size()),
                        0,
                        1,
                        ""));
            }
            return results;
        }

        void close() {
            turn.ifPresent(Turn::close);
        }
    }

    private Optional<Turn> start(Alternative alternative, int number) throws IOException, InterruptedException {
        if (alternative.work() instanceof InJvm inJvm) {
            return Optional.of(start(inJvm, number, endpoint, null));
        }
        if (alternative.work() instanceof Program program) {
            Path directory = Files.createDirectory(directoryOf(number));
            ChildProcess process = ChildProcess.start(
                    program.command(), program.environment(), ChildProcess.ANSWER, directory.resolve("log"));
            return Optional.of(turn(process, false, process::anonymousMemory));
        }
        if (alternative.work() instanceof ByServer byServer) {
            return Optional.of(start(byServer, number));
        }
        if (alternative.work() instanceof Commands commands) {
            ShellTimer.run(commands.once());
            return Optional.of(() -> {
                ShellTimer.run(commands.before());
                return ShellTimer.time(commands.command());
            });
        }
        return Optional.empty();
    }

    private Turn start(ByServer work, int number) throws IOException, InterruptedException {
        Path directory = setting.workspace().directory().resolve("server-" + number);
        ServerProcess server = work.server().start(Files.createDirectory(directory));
        try {
            InJvm client = new InJvm(work.workload(), List.of(), work.sampled());
            return new ServerTurn(server, start(client, number, server.endpoint(), server::anonymousMemory));
        } catch (IOException | InterruptedException | RuntimeException e) {
            server.printErrors();
            server.close();
            throw e;
        }
    }

    /**
     * Starts a workload.
     *
     * @param memory returns the anonymous memory of the process to observe; null for that of the workload
     */
    private Turn start(InJvm work, int number, String server, @Nullable LongSupplier memory)
            throws IOException, InterruptedException {
        Path directory = Files.createDirectory(directoryOf(number));
        List<String> options = new ArrayList<>(BenchmarkEnvironment.CLIENT_OPTIONS);
        options.addAll(List.of(
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Daws.accessKeyId=benchmark",
                "-Daws.secretAccessKey=benchmark",
                "-Daws.disableEc2Metadata=true"));
        options.addAll(work.options());
        ChildProcess process = ChildProcess.start(
                WorkloadMain.class,
                options,
                WorkloadMain.arguments(work.workload(), new Workload.Spec(directory, source, size, server)),
                Map.of(),
                directory.resolve("log"));
        return turn(process, work.sampled(), memory == null ? process::anonymousMemory : memory);
    }

    private Path directoryOf(int number) {
        return setting.workspace().directory().resolve("run-" + number);
    }

    /**
     * Waits until a process is ready.
     *
     * @param sampled whether memory is observed
     * @param memory returns the anonymous memory to observe
     */
    private static Turn turn(ChildProcess process, boolean sampled, LongSupplier memory) throws InterruptedException {
        try {
            process.await("#ready", TIMEOUT, () -> {});
        } catch (BenchmarkException | InterruptedException e) {
            process.close();
            throw e;
        }
        return new Turn() {
            private long peak;

            @Override
            public Measurement run() throws IOException, InterruptedException {
                process.send("round");
                String answer = process.await("#result ", TIMEOUT, () -> {
                    if (sampled) {
                        peak = Math.max(peak, memory.getAsLong());
                    }
                });
                return Measurement.parse(answer.substring("#result ".length()));
            }

            @Override
            public double memoryMib() {
                return peak / MIB;
            }

            @Override
            public void close() {
                process.close();
            }
        };
    }
}
