package io.blobstore.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A client in a child process, and its measurements. */
final class ClientProcess implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    /** The approximate duration of one step of the warm-up. */
    private static final double STEP_SECONDS = 2;

    final ClientType type;
    final TransferSpec spec;
    /** The counted rounds; each is the average of its transfers. */
    final List<Measurement> rounds = new ArrayList<>();

    private final ChildProcess process;
    private final long idleMemory;
    private long peakMemory;
    private int transfers;
    private double secondsPerTransfer;

    private ClientProcess(ClientType type, TransferSpec spec, ChildProcess process) throws InterruptedException {
        this.type = type;
        this.spec = spec;
        this.process = process;
        process.await("#ready", TIMEOUT, () -> {});
        this.idleMemory = process.anonymousMemory();
    }

    /** Starts a client and waits until it is ready. */
    static ClientProcess start(
            ClientType type, TransferSpec spec, BenchmarkEnvironment environment, String... moreJvmOptions)
            throws IOException, InterruptedException {
        ChildProcess process = environment.startClient(type, spec, moreJvmOptions);
        try {
            return new ClientProcess(type, spec, process);
        } catch (BenchmarkException e) {
            process.close();
            throw e;
        }
    }

    /** Runs another transfer repeatedly with another client of this type in the same JVM. */
    void rehearse(TransferSpec rehearsal, Duration duration) throws IOException, InterruptedException {
        if (!duration.isZero()) {
            process.send(duration + " " + String.join(" ", rehearsal.toArguments()));
            process.await("#rehearsed", TIMEOUT, this::sampleMemory);
            rest();
        }
    }

    /** Waits until the JIT compilers are idle. */
    private void rest() throws IOException, InterruptedException {
        process.send("rest");
        process.await("#rested", TIMEOUT, () -> {});
    }

    /** Transfers the content until the client is warm. */
    void warmUp(WarmUp warmUp) throws IOException, InterruptedException {
        if (warmUp.most().isZero()) {
            return;
        }
        double seconds = 0;
        Measurement step;
        do {
            step = run(timesIn(STEP_SECONDS));
            seconds += step.wallSeconds();
            rest();
        } while (!warmUp.isOver(seconds, step));
    }

    /** Returns how many transfers take the given time, at the speed of the last ones; at least 1. */
    int timesIn(double seconds) {
        return secondsPerTransfer == 0 ? 1 : Math.max(1, (int) Math.round(seconds / secondsPerTransfer));
    }

    /** Returns the number of transfers since the start. */
    int transfers() {
        return transfers;
    }

    /** Transfers the content repeatedly, measured as one. */
    Measurement run(int count) throws IOException, InterruptedException {
        transfers += count;
        process.send(Integer.toString(count));
        Measurement measured = Measurement.parse(
                process.await("#result ", TIMEOUT, this::sampleMemory).substring("#result ".length()));
        secondsPerTransfer = measured.wallSeconds() / count;
        return measured;
    }

    /** Makes a counted round of some transfers. */
    void measure(int repeats) throws IOException, InterruptedException {
        rounds.add(run(repeats).divide(repeats));
    }

    private void sampleMemory() {
        peakMemory = Math.max(peakMemory, process.anonymousMemory());
    }

    /** Returns the peak of the anonymous memory over that before the first transfer, in bytes. */
    long memoryGrowth() {
        return Math.max(0, peakMemory - idleMemory);
    }

    @Override
    public void close() {
        process.close();
    }
}
