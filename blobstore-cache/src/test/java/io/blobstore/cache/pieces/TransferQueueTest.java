package io.blobstore.cache.pieces;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.ReadResult;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferProgress;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The order, bound and end of queued transfers. */
class TransferQueueTest {
    private static final ReadResult RESULT = ReadResult.of(
            BlobMetadata.builder(BlobKey.of("key"), 1, new BlobVersion("v"), Instant.EPOCH)
                    .build(),
            1,
            Crc32c.EMPTY);

    /** A transfer that a test ends. */
    private static class Scripted implements Transfer<ReadResult> {
        final long piece;
        final CompletableFuture<ReadResult> outcome = new CompletableFuture<>();
        volatile boolean cancelled;

        Scripted(long piece) {
            this.piece = piece;
        }

        @Override
        public boolean cancel() {
            cancelled = true;
            return outcome.completeExceptionally(new CancellationException("cancelled"));
        }

        @Override
        public CompletableFuture<ReadResult> toCompletableFuture() {
            return outcome.copy();
        }

        @Override
        public ReadResult join() {
            throw new UnsupportedOperationException();
        }

        @Override
        public ReadResult join(Duration timeout) {
            throw new UnsupportedOperationException();
        }

        @Override
        public TransferProgress progress() {
            throw new UnsupportedOperationException();
        }
    }

    /** Records what the queue does. */
    private static class Work implements TransferQueue.Work {
        private final long pieces;
        private long next;
        final List<Scripted> started = new CopyOnWriteArrayList<>();
        final AtomicInteger arrived = new AtomicInteger();
        final List<String> ends = new CopyOnWriteArrayList<>();

        Work(long pieces) {
            this.pieces = pieces;
        }

        @Override
        public OptionalLong next() {
            return next < pieces ? OptionalLong.of(next++) : OptionalLong.empty();
        }

        @Override
        public Transfer<ReadResult> start(long piece) throws IOException {
            Scripted transfer = new Scripted(piece);
            started.add(transfer);
            return transfer;
        }

        @Override
        public void arrived(long piece, ReadResult result) {
            arrived.incrementAndGet();
        }

        @Override
        public void ended(Throwable failure) {
            ends.add(String.valueOf(failure));
        }
    }

    @Test
    void aFailureCountsWhileTheLastOtherTransferEnds() throws Exception {
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            for (int round = 0; round < 20_000; round++) {
                Work work = new Work(2);
                new TransferQueue(work, 2).run();
                CyclicBarrier together = new CyclicBarrier(2);
                Future<?> failing = other.submit(() -> {
                    together.await();
                    return work.started.get(0).outcome.completeExceptionally(new IOException("lost"));
                });
                together.await();
                work.started.get(1).outcome.complete(RESULT);
                failing.get();
                assertThat(work.ends).containsExactly("java.io.IOException: lost");
            }
        } finally {
            other.shutdown();
        }
    }

    @Test
    void aTransferStartsWhenAnotherEnds() {
        Work work = new Work(4);
        new TransferQueue(work, 2).run();
        assertThat(work.started).extracting(one -> one.piece).containsExactly(0L, 1L);

        work.started.get(1).outcome.complete(RESULT);
        assertThat(work.started).extracting(one -> one.piece).containsExactly(0L, 1L, 2L);
        for (int i : new int[] {0, 2, 3}) {
            assertThat(work.ends).isEmpty();
            work.started.get(i).outcome.complete(RESULT);
        }

        assertThat(work.arrived).hasValue(4);
        assertThat(work.ends).containsExactly("null");
    }

    @Test
    void nothingToDoIsAnEndAtOnce() {
        Work work = new Work(0);
        TransferQueue queue = new TransferQueue(work, 2);

        queue.run();
        queue.stop(new IOException("too late"));

        assertThat(work.ends).containsExactly("null");
    }

    @Test
    void aFailureCancelsTheOthersAndTheEndComesAfterThem() {
        Work work = new Work(10) {
            @Override
            public Transfer<ReadResult> start(long piece) {
                Scripted slow = new Scripted(piece) {
                    @Override
                    public boolean cancel() {
                        cancelled = true; // ends later
                        return true;
                    }
                };
                started.add(slow);
                return slow;
            }
        };
        new TransferQueue(work, 3).run();

        work.started.get(1).outcome.completeExceptionally(new IOException("first"));

        assertThat(work.started).hasSize(3);
        assertThat(work.started.get(0).cancelled).isTrue();
        assertThat(work.ends).isEmpty();
        work.started.get(0).outcome.completeExceptionally(new IOException("second"));
        assertThat(work.ends).isEmpty();
        work.started.get(2).outcome.complete(RESULT);
        assertThat(work.ends).containsExactly("java.io.IOException: first");
    }

    @Test
    void aTransferThatCannotStartEndsEverything() {
        Work work = new Work(10) {
            @Override
            public Transfer<ReadResult> start(long piece) throws IOException {
                if (piece == 2) {
                    throw new IOException("no more");
                }
                return super.start(piece);
            }
        };

        new TransferQueue(work, 5).run();

        assertThat(work.started).hasSize(2).allMatch(one -> one.cancelled);
        assertThat(work.ends).containsExactly("java.io.IOException: no more");
    }

    @Test
    void stoppingBeforeTheStartStartsNothing() {
        Work work = new Work(10);
        TransferQueue queue = new TransferQueue(work, 5);

        queue.stop(new IOException("stopped"));

        assertThat(work.started).isEmpty();
        assertThat(work.ends).containsExactly("java.io.IOException: stopped");
    }

    @Test
    void manyTransfersThatEndAtOnceNeedNoDeepStack() {
        Work work = new Work(200_000) {
            @Override
            public Transfer<ReadResult> start(long piece) {
                Scripted done = new Scripted(piece);
                done.outcome.complete(RESULT);
                return done;
            }
        };

        new TransferQueue(work, 3).run();

        assertThat(work.arrived).hasValue(200_000);
        assertThat(work.ends).containsExactly("null");
    }

    @Test
    void threadsThatEndTransfersAtTheSameTimeLoseNone() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        AtomicInteger running = new AtomicInteger();
        AtomicInteger mostRunning = new AtomicInteger();
        Work work = new Work(20_000) {
            @Override
            public Transfer<ReadResult> start(long piece) {
                mostRunning.accumulateAndGet(running.incrementAndGet(), Math::max);
                Scripted one = new Scripted(piece);
                threads.execute(() -> {
                    running.decrementAndGet();
                    one.outcome.complete(RESULT);
                });
                return one;
            }
        };

        new TransferQueue(work, 8).run();

        Blocking.until(() -> !work.ends.isEmpty());
        threads.shutdown();
        assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        assertThat(work.arrived).hasValue(20_000);
        assertThat(work.ends).containsExactly("null");
        assertThat(mostRunning.get()).isLessThanOrEqualTo(8);
    }
}
