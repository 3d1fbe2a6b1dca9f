package io.blobstore.transfer;

import io.blobstore.BlobTarget;
import io.blobstore.TargetException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures how fast a store responds to a reader, and decides into how many requests a read is split.
 *
 * <p>A read of n bytes by one request takes L + n/R, with L the time to the first byte and R the rate of a connection;
 * by k requests at once it takes L + n/(kR), if the connection is the bottleneck. So splitting pays when n/R is a large
 * part of the whole. Whether the connection is the bottleneck is known only afterwards: if two split reads are hardly
 * faster than predicted for one request, reads are not split for a while.
 *
 * <p>Only requests that run alone are measured, since others share the bandwidth. L and R are the best of the last
 * three measurements, since a busy machine makes single ones worse. R follows from the whole time and L: a thread that
 * wakes late finds the first byte late, and then the others at once. Reads are measured anew after {@value #REMEASURED}
 * split ones. A reader that was just opened begins with what others of the same store have measured in the last minute.
 * Thread-safe.
 */
final class ConnectionRate {
    /** Smaller parts take more processor time than they save. */
    static final int SMALLEST_PART = 128 << 10;

    /** The measurements before the first read is split, and of which the best counts. */
    static final int MEASUREMENTS = 3;

    private static final int REMEASURED = 64;
    /** The requests of all readers, divided by the concurrency of one, from which on none splits its reads. */
    private static final int CROWDED = 2;

    /** Responses below this size tell nothing about the rate. */
    private static final int MEASURABLE = 256 << 10;
    /** A nearer store, in nanoseconds, is on this machine or beside it: its connections are not the bottleneck. */
    private static final double NEAR = 1e6;
    /** A shorter transfer, in nanoseconds, is not worth a second request. */
    private static final double SHORTEST_TRANSFER = 4e6;
    /** A part has at least as many bytes as a connection transfers in this fraction of the latency. */
    private static final double PART_OF_LATENCY = 1 / 8.;
    /** The predicted time of one request, divided by that of several, from which on a read is split. */
    private static final double WORTHWHILE = 1.25;
    /** The fraction of the predicted time of one request above which splitting was not worthwhile. */
    private static final double DISAPPOINTING = 0.85;

    private static final int SHORTEST_PAUSE = 16;
    private static final int LONGEST_PAUSE = 1024;

    /** How long other readers may use measurements, in nanoseconds. */
    private static final long VALID = 60_000_000_000L;

    private final LongSupplier nanoTime;
    private final OfStore ofStore;

    /** The last measurements, as a ring buffer. */
    private final Sample[] samples = new Sample[MEASUREMENTS];

    private int measurements;
    /** The best of them, in nanoseconds. */
    private double latency;

    private double nanosPerByte;
    private int inFlight;
    private int splitReads;
    /** The last split reads that were not worthwhile, without others between them. */
    private int disappointments;
    /** How many reads are not split from now on. */
    private int pausedReads;
    /** How many reads are not split after the next disappointment. */
    private int pause = SHORTEST_PAUSE;

    /** One measurement: nanoseconds to the first byte, nanoseconds to the last one, and their number. */
    private record Sample(double latency, double total, long bytes) {}

    /**
     * What a reader has measured, in nanoseconds.
     *
     * @param time when, by the clock
     */
    private record Measured(double latency, double nanosPerByte, long time) {}

    /** What the readers of one store have in common. Thread-safe. */
    static final class OfStore {
        /** The last measurements; null if there are none. */
        private volatile @Nullable Measured measured;

        private final AtomicInteger inFlight = new AtomicInteger();
    }

    /**
     * Creates an instance for one reader.
     *
     * @param nanoTime the clock
     * @param ofStore shared with the other readers of the store
     */
    ConnectionRate(LongSupplier nanoTime, OfStore ofStore) {
        this.nanoTime = nanoTime;
        this.ofStore = ofStore;
        Measured last = ofStore.measured;
        if (last != null && nanoTime.getAsLong() - last.time < VALID) {
            Sample sample = new Sample(last.latency, last.latency + last.nanosPerByte * MEASURABLE, MEASURABLE);
            for (int i = 0; i < MEASUREMENTS; i++) {
                add(sample);
            }
        }
    }

    /** Requires the lock of this, but in the constructor. */
    private void add(Sample sample) {
        samples[measurements % MEASUREMENTS] = sample;
        measurements++;
        int count = Math.min(measurements, MEASUREMENTS);
        latency = Arrays.stream(samples, 0, count)
                .mapToDouble(Sample::latency)
                .min()
                .orElseThrow();
        nanosPerByte = Arrays.stream(samples, 0, count)
                .mapToDouble(each -> (each.total - latency) / each.bytes)
                .min()
                .orElseThrow();
    }

    /** One request. Not thread-safe. */
    final class Request implements AutoCloseable {
        private final long start = nanoTime.getAsLong();
        private boolean alone;
        private boolean answered;
        private long firstByte;
        private long received;

        private Request() {
            synchronized (ConnectionRate.this) {
                inFlight++;
                alone = inFlight == 1;
                ofStore.inFlight.incrementAndGet();
            }
        }

        /** Returns a window that notes when the first byte is about to be put. */
        BlobTarget.Window measured(BlobTarget.Window target) {
            return new BlobTarget.Window() {
                @Override
                public long remaining() {
                    return target.remaining();
                }

                @Override
                public ByteBuffer buffer() throws TargetException {
                    if (!answered) {
                        answered = true;
                        firstByte = nanoTime.getAsLong();
                    }
                    return target.buffer();
                }

                @Override
                public void flush() throws TargetException {
                    target.flush();
                }

                @Override
                public void close() throws TargetException {
                    target.close();
                }
            };
        }

        /** Notes that the response is complete. */
        void succeeded(long bytes) {
            received = bytes;
        }

        @Override
        public void close() {
            long end = nanoTime.getAsLong();
            synchronized (ConnectionRate.this) {
                inFlight--;
                alone &= inFlight == 0;
                ofStore.inFlight.decrementAndGet();
                if (alone && answered && received >= MEASURABLE) {
                    add(new Sample((double) firstByte - start, (double) end - start, received));
                    if (measurements >= MEASUREMENTS) {
                        ofStore.measured = new Measured(latency, nanosPerByte, end);
                    }
                }
            }
        }
    }

    /** Begins a request; to be closed when it has ended. */
    Request begin() {
        return new Request();
    }

    /**
     * Returns the size of the parts into which a read should be split.
     *
     * @param length the read's length in bytes, {@code whole} or less
     * @param concurrency the maximum number of requests in flight
     * @param whole the largest read that is not split as long as nothing is known
     * @return {@code whole} for one request
     */
    synchronized long partSize(long length, int concurrency, long whole) {
        double transfer = nanosPerByte * length;
        int free = Math.min(concurrency - inFlight, CROWDED * concurrency - ofStore.inFlight.get());
        if (measurements < MEASUREMENTS || latency < NEAR || transfer < SHORTEST_TRANSFER || free < 2) {
            return whole;
        }
        double smallest = Math.max(SMALLEST_PART, PART_OF_LATENCY * latency / nanosPerByte);
        int parts = (int) Math.min((double) free, length / smallest);
        if (parts < 2 || latency + transfer < WORTHWHILE * (latency + transfer / parts)) {
            return whole;
        }
        if (pausedReads > 0) {
            pausedReads--;
            return whole;
        }
        return (length - 1) / parts + 1;
    }

    /**
     * Records how long a read took that was split as {@link #partSize} said.
     *
     * @param length the read's length in bytes
     */
    synchronized void split(long length, long nanos) {
        if (nanos <= DISAPPOINTING * (latency + nanosPerByte * length)) {
            disappointments = 0;
            pause = SHORTEST_PAUSE;
        } else if (++disappointments == 2) { // one may be the fault of a busy machine
            disappointments = 0;
            pausedReads = pause;
            pause = Math.min(LONGEST_PAUSE, 2 * pause);
        }
        splitReads++;
        if (splitReads == REMEASURED) {
            splitReads = 0;
            measurements = 0;
        }
    }
}
