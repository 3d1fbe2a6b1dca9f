package io.blobstore.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A contestant in its own process, seen from outside, and what was measured of it. */
final class Client implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private static final double GIB = 1L << 30;

    /** Of warming up: so often at once, and so often at most. */
    private static final int STEP = 10;

    private static final int MOST_WARM_UP = 200;

    /** CPU seconds of compilers per GiB. */
    private static final double COMPILERS_REST = 0.005;

    private final Competitor competitor;
    private final ChildProcess process;
    private final AnonymousMemory memory;
    private final long idle;
    private final List<Measurement> rounds = new ArrayList<>();
    private int moved;

    private Client(Competitor competitor, ChildProcess process) throws InterruptedException {
        this.competitor = competitor;
        this.process = process;
        process.await("#ready", PATIENCE, () -> {});
        this.memory = new AnonymousMemory(process.pid());
        this.idle = memory.current();
    }

    /** Starts it and waits until it is ready. */
    static Client start(Competitor competitor, Job job, Laboratory laboratory, String... moreJvmOptions)
            throws IOException, InterruptedException {
        ChildProcess process = laboratory.startClient(competitor, job, moreJvmOptions);
        try {
            return new Client(competitor, process);
        } catch (BenchmarkException e) {
            process.close();
            throw e;
        }
    }

    Competitor competitor() {
        return competitor;
    }

    /**
     * Moves the content until the JVM's compilers rest: what is compared is steady work, and not whose start is the quicker.
     *
     * @param least how often at least; 0 for not at all
     */
    void warmUp(int least, long size) throws IOException, InterruptedException {
        double compileSeconds = least == 0 ? 0 : Double.POSITIVE_INFINITY;
        while (moved < least || (compileSeconds > COMPILERS_REST * STEP * size / GIB && moved < MOST_WARM_UP)) {
            compileSeconds = run(STEP).compileSeconds();
        }
    }

    /** How often the content was moved so far. */
    int moved() {
        return moved;
    }

    /** Moves the content a number of times, measured as one. */
    Measurement run(int count) throws IOException, InterruptedException {
        moved += count;
        process.send(Integer.toString(count));
        return Measurement.parse(process.await("#result", PATIENCE, memory::look));
    }

    /** Makes a round that counts. */
    void measure(int repeats) throws IOException, InterruptedException {
        rounds.add(run(repeats));
    }

    /** The rounds that count. */
    List<Measurement> rounds() {
        return rounds;
    }

    /** The most bytes of anonymous memory so far, over what it had before its first round. */
    long memoryGrowth() {
        return memory.peak() - idle;
    }

    @Override
    public void close() {
        process.close();
    }
}
