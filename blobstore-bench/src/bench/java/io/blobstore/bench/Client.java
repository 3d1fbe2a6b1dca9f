package io.blobstore.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A contestant in its own process, seen from outside, and what was measured of it. */
final class Client implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    /** Of warming up: so long at once, about. */
    private static final double STRETCH_SECONDS = 2;

    private final Competitor competitor;
    private final TransferSpec job;
    private final ChildProcess process;
    private final MemoryOverTime memory;
    private final List<Measurement> rounds = new ArrayList<>();
    private int moved;
    private double secondsOfOne;

    private Client(Competitor competitor, TransferSpec job, ChildProcess process) throws InterruptedException {
        this.competitor = competitor;
        this.job = job;
        this.process = process;
        process.await("#ready", PATIENCE, () -> {});
        this.memory = new MemoryOverTime(new AnonymousMemory(process.pid()));
    }

    /** Starts it and waits until it is ready. */
    static Client start(
            Competitor competitor, TransferSpec job, BenchmarkEnvironment laboratory, String... moreJvmOptions)
            throws IOException, InterruptedException {
        ChildProcess process = laboratory.startClient(competitor, job, moreJvmOptions);
        try {
            return new Client(competitor, job, process);
        } catch (BenchmarkException e) {
            process.close();
            throw e;
        }
    }

    Competitor competitor() {
        return competitor;
    }

    TransferSpec job() {
        return job;
    }

    /** Does another job for a while, by another contestant of its kind. */
    void rehearse(TransferSpec rehearsal, Duration duration) throws IOException, InterruptedException {
        if (duration.isZero()) {
            return;
        }
        memory.goOn();
        process.send(duration + " " + String.join(" ", rehearsal.toArguments()));
        process.await("#rehearsed", PATIENCE, memory::look);
        rest();
    }

    /** Waits until its JVM's compilers have done what is there to do. */
    private void rest() throws IOException, InterruptedException {
        process.send("rest");
        process.await("#rested", PATIENCE, () -> {});
    }

    /** Moves the content until it is warm. */
    void warmUp(WarmUp warmUp) throws IOException, InterruptedException {
        if (warmUp.most().isZero()) {
            return;
        }
        double seconds = 0;
        Measurement stretch;
        do {
            stretch = run(timesIn(STRETCH_SECONDS));
            seconds += stretch.wallSeconds();
            rest();
        } while (!warmUp.isOver(seconds, stretch));
    }

    /** How often it moves the content in so many seconds, by how long it took the last time; once at least. */
    int timesIn(double seconds) {
        return secondsOfOne == 0 ? 1 : Math.max(1, (int) Math.round(seconds / secondsOfOne));
    }

    /** How often the content was moved so far. */
    int moved() {
        return moved;
    }

    /** Moves the content a number of times, measured as one. */
    Measurement run(int count) throws IOException, InterruptedException {
        moved += count;
        memory.goOn();
        process.send(Integer.toString(count));
        Measurement measured = Measurement.parse(process.await("#result", PATIENCE, memory::look));
        secondsOfOne = measured.wallSeconds() / count;
        return measured;
    }

    /** Makes a round that counts, of so many times. */
    void measure(int repeats) throws IOException, InterruptedException {
        rounds.add(run(repeats).each(repeats));
    }

    /** The rounds that count, what each took to move the content once. */
    List<Measurement> rounds() {
        return rounds;
    }

    /** The most bytes of anonymous memory so far, over what it had before its first round. */
    long memoryGrowth() {
        return memory.growth();
    }

    /** Its anonymous memory while it worked. */
    MemoryOverTime memory() {
        return memory;
    }

    @Override
    public void close() {
        process.close();
    }
}
