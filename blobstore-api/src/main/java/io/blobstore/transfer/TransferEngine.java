package io.blobstore.transfer;

import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.random.RandomGenerator;

/** What uploaders and readers are: threads, a bound on the bytes in flight, and the transfers under way. */
abstract class TransferEngine implements AutoCloseable {
    private final Environment environment;
    private final Optional<ExecutorService> ownExecutor;
    private final Set<ParallelTransfer<?>> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    TransferEngine(Builder<?> builder) {
        ownExecutor = builder.executor.isPresent() ? Optional.empty() : Optional.of(TransferExecutor.create());
        environment = new Environment(
                builder.executor.or(() -> ownExecutor).orElseThrow(),
                new ByteBudget(builder.maxBytesInFlight),
                builder.clock,
                builder.random);
    }

    Environment environment() {
        return environment;
    }

    /**
     * Counts a transfer among those that {@link #close()} waits for, until {@link #ended}. It must not have begun.
     *
     * @throws IllegalStateException if this is closed; the transfer has ended then
     */
    <T extends ParallelTransfer<?>> T enter(T transfer) {
        running.add(transfer);
        try {
            requireOpen(); // after adding: close() either sees this transfer, or is seen here
        } catch (IllegalStateException e) {
            transfer.cancel();
            throw e;
        }
        return transfer;
    }

    void ended(ParallelTransfer<?> transfer) {
        running.remove(transfer);
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this " + getClass().getSimpleName() + " is closed");
        }
    }

    /**
     * Refuses further transfers, waits for those under way, and ends the threads that this object made. If the waiting
     * thread is interrupted, cancels them, and still waits. Idempotent.
     */
    @Override
    public void close() {
        closed = true;
        running.forEach(transfer -> transfer.awaitEnd(() -> running.forEach(ParallelTransfer::cancel)));
        ownExecutor.ifPresent(ExecutorService::shutdown);
    }

    /** Builds one. Not thread-safe. */
    abstract static class Builder<B extends Builder<B>> {
        private static final long DEFAULT_MAX_BYTES_IN_FLIGHT = 256L << 20;

        private Optional<Executor> executor = Optional.empty();
        private long maxBytesInFlight = DEFAULT_MAX_BYTES_IN_FLIGHT;
        private TransferClock clock = TransferClock.SYSTEM;
        private RandomGenerator random = new Random(); // thread-safe, unlike RandomGenerator.getDefault()

        Builder() {}

        abstract B self();

        /**
         * Sets what runs the transfers; the caller keeps it and shuts it down, after what is built: a transfer that
         * waits in the queue of an executor which then drops it never begins, and completes only when it is cancelled.
         * Default: virtual threads on JDK 21 and later, otherwise a pool of 16 daemon threads of its own.
         */
        public B executor(Executor executor) {
            this.executor = Optional.of(executor);
            return self();
        }

        /** Sets the most bytes of parts under way at once, over all transfers; default 256 MiB. */
        public B maxBytesInFlight(long bytes) {
            this.maxBytesInFlight = bytes;
            return self();
        }

        /** Sets the time that retries wait by. */
        public B clock(TransferClock clock) {
            this.clock = clock;
            return self();
        }

        /** Sets where the jitter of retries comes from; must be thread-safe. */
        public B random(RandomGenerator random) {
            this.random = random;
            return self();
        }
    }
}
