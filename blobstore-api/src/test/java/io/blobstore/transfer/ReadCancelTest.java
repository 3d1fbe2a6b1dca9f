package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests the cancellation of a read at every stage, by the caller, by closing the manager, or by shutting down its
 * executor.
 */
@Tag("jdk")
@Timeout(120)
class ReadCancelTest {
    private static final byte[] OLD = {1, 2, 3};
    private static final byte[] CONTENT = ReadPlanTest.content(100);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ByteBuffer target = ByteBuffer.allocateDirect(110).position(10);

    @TempDir
    private Path directory;

    private Path path;

    @BeforeEach
    void oldFile() throws IOException {
        path = Files.write(directory.resolve("file"), OLD);
    }

    @AfterEach
    void endThreads() throws InterruptedException {
        threads.shutdown();
        assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
    }

    private static TransferManager reader(Executor executor) {
        return TransferManager.builder().executor(executor).build();
    }

    private static Transfer<ReadResult> read(TransferManager reader, ScriptedReads store, BlobTarget target)
            throws IOException {
        return reader.download(
                store,
                KEY,
                ByteRange.all(),
                target,
                DownloadOptions.builder().partSize(10).concurrency(3).build());
    }

    private void assertCancelled(Transfer<ReadResult> transfer) throws IOException {
        assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
        assertThat(transfer.cancel()).isFalse();
        assertThat(target.position()).isEqualTo(10);
        assertThat(path).hasBinaryContent(OLD);
        assertThat(directory).isDirectoryNotContaining(file -> !file.equals(path));
    }

    @Test
    void beforeItBeginsNoRequestIsSent() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT);
        List<Runnable> tasks = new ArrayList<>();
        try (TransferManager reader = reader(tasks::add)) {
            Transfer<ReadResult> transfer = read(reader, store, BlobTarget.ofPath(path));

            assertThat(transfer.cancel()).isTrue();
            assertThat(transfer.toCompletableFuture()).isDone(); // without another thread
            assertCancelled(transfer);
            tasks.forEach(Runnable::run);
        }
        assertThat(store.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 10, 90})
    void inTheMiddleOfARequestItIsInterrupted(long offset) throws Exception {
        for (BlobTarget into : List.of(BlobTarget.of(target), BlobTarget.ofPath(path))) {
            CountDownLatch inside = new CountDownLatch(1);
            ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
                if (read.offset() == offset) {
                    inside.countDown();
                    ScriptedStore.awaitInterrupt();
                }
            });
            try (TransferManager reader = reader(threads)) {
                Transfer<ReadResult> transfer = read(reader, store, into);
                assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();

                assertThat(transfer.cancel()).isTrue();
                assertCancelled(transfer);
                assertThat(store.inside()).isZero();
            }
        }
    }

    /**
     * The first metadata request is for the checksum, the second one confirms the version, as the store has no
     * checksum.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aMetadataRequestIsInterruptedToo(int number) throws Exception {
        for (BlobTarget into : List.of(BlobTarget.of(target), BlobTarget.ofPath(path))) {
            CountDownLatch inside = new CountDownLatch(1);
            ScriptedReads store = ScriptedReads.of(CONTENT).withoutChecksums().onHead(head -> {
                if (head == number) {
                    inside.countDown();
                    ScriptedStore.awaitInterrupt();
                }
            });
            try (TransferManager reader = reader(threads)) {
                Transfer<ReadResult> transfer = read(reader, store, into);
                assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();

                assertThat(transfer.cancel()).isTrue();
                assertCancelled(transfer);
                assertThat(store.inside()).isZero();
            }
        }
    }

    /** The last worker publishes the file when a directory has been created at its path. */
    @Test
    void whenAllHasArrivedButCannotBePublishedItIsAFailure() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
            if (read.offset() == 90) {
                Files.delete(path);
                Files.createDirectories(path.resolve("below"));
            }
        });
        try (TransferManager reader = reader(threads)) {
            assertThatExceptionOfType(IOException.class).isThrownBy(read(reader, store, BlobTarget.ofPath(path))::join);
        }
        assertThat(directory).isDirectoryNotContaining(file -> !file.equals(path));
        assertThat(path).isDirectory();
    }

    @Test
    void aCancelledReadThatGetsAllOfItsBytesNeverthelessIsCancelled() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
            if (read.offset() == 90) {
                inside.countDown();
                ScriptedStore.awaitUninterruptibly(cancelled);
            }
        });
        try (TransferManager reader = reader(threads)) {
            Transfer<ReadResult> transfer = read(reader, store, BlobTarget.of(target));
            assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(transfer.cancel()).isTrue();
            cancelled.countDown();
            assertCancelled(transfer);
        }
    }

    @Test
    void atTheEndItIsTooLate() throws Exception {
        AtomicReference<Transfer<ReadResult>> transfer = new AtomicReference<>();
        AtomicReference<Boolean> cancelled = new AtomicReference<>();
        List<Runnable> tasks = new ArrayList<>();
        try (TransferManager reader = reader(tasks::add)) {
            transfer.set(reader.download(
                    ScriptedReads.of(CONTENT),
                    KEY,
                    ByteRange.all(),
                    BlobTarget.of(target),
                    DownloadOptions.builder()
                            .listener(new TransferListener() {
                                @Override
                                public void onEnd(TransferProgress progress, Throwable failure) {
                                    cancelled.set(transfer.get().cancel());
                                }
                            })
                            .build()));
            tasks.get(0).run();
            assertThat(transfer.get().join().length()).isEqualTo(100);
            assertThat(transfer.get().cancel()).isFalse();
        }
        assertThat(cancelled).hasValue(false);
        assertThat(target.position()).isEqualTo(110);
    }

    @Test
    void waitsForARetryAndForTheBudgetEndToo() throws Exception {
        CountDownLatch waiting = new CountDownLatch(1);
        TransferClock clock = new TransferClock() {
            @Override
            public long nanoTime() {
                return 0;
            }

            @Override
            public void sleep(Duration duration) throws InterruptedException {
                waiting.countDown();
                new CountDownLatch(1).await();
            }
        };
        CountDownLatch holding = new CountDownLatch(1);
        CountDownLatch letGo = new CountDownLatch(1);
        ScriptedReads holder = ScriptedReads.of(CONTENT).on(read -> {
            holding.countDown();
            ScriptedStore.awaitUninterruptibly(letGo);
        });
        ScriptedReads failing = ScriptedReads.of(CONTENT).on(read -> {
            throw ScriptedReads.failure("try again", true);
        });
        ScriptedReads store = ScriptedReads.of(CONTENT);
        try (TransferManager reader = TransferManager.builder()
                .executor(threads)
                .clock(clock)
                .maxBytesInFlight(1)
                .build()) {
            Transfer<ReadResult> retrying = read(reader, failing, BlobTarget.of(target));
            assertThat(waiting.await(60, TimeUnit.SECONDS)).isTrue();
            Transfer<ReadResult> first = read(reader, holder, BlobTarget.of(ByteBuffer.allocate(100)));
            assertThat(holding.await(60, TimeUnit.SECONDS)).isTrue();
            Transfer<ReadResult> second = read(reader, store, BlobTarget.of(target));
            retrying.cancel();
            second.cancel();
            assertCancelled(retrying);
            assertCancelled(second);
            letGo.countDown();
            assertThat(first.join().length()).isEqualTo(100); // no bytes of the budget are missing
        }
        assertThat(store.requests()).isEmpty();
    }

    // ---- closing the manager

    @Test
    void closingWaitsForRunningReadsAndRefusesOthers() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
            inside.countDown();
            ScriptedStore.await(go);
        });
        TransferManager reader = TransferManager.create();
        Transfer<ReadResult> transfer = read(reader, store, BlobTarget.of(target));
        assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();
        AtomicBoolean doneWhenClosed = new AtomicBoolean();
        Thread closing = new Thread(() -> {
            reader.close();
            doneWhenClosed.set(transfer.toCompletableFuture().isDone());
        });
        closing.start();
        while (closing.getState() != Thread.State.WAITING) {
            assertThat(closing.getState()).isNotEqualTo(Thread.State.TERMINATED);
            Thread.onSpinWait();
        }

        assertThatIllegalStateException()
                .isThrownBy(() -> read(reader, store, BlobTarget.ofPath(path)))
                .withMessageContaining("TransferManager is closed");
        assertThat(directory).isDirectoryNotContaining(file -> !file.equals(path));
        go.countDown();

        closing.join();
        assertThat(doneWhenClosed).isTrue();
        assertThat(transfer.join().length()).isEqualTo(100);
    }

    @Test
    void anInterruptedCloseCancelsAndStillWaits() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
            inside.countDown();
            try {
                ScriptedStore.awaitInterrupt();
            } finally {
                interrupted.countDown();
                ScriptedStore.awaitUninterruptibly(go);
            }
        });
        TransferManager reader = TransferManager.create();
        Transfer<ReadResult> transfer = read(reader, store, BlobTarget.ofPath(path));
        assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<Boolean> flagAfterwards = new CompletableFuture<>();
        Thread closing = new Thread(() -> {
            Thread.currentThread().interrupt();
            reader.close();
            flagAfterwards.complete(Thread.interrupted());
        });
        closing.start();
        assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(flagAfterwards).isNotDone(); // the request is still inside the store
        go.countDown();

        assertThat(flagAfterwards).succeedsWithin(Duration.ofMinutes(1)).isEqualTo(true);
        assertCancelled(transfer);
    }

    @Test
    void anExecutorThatShutsDownCancels() throws Exception {
        for (BlobTarget into : List.of(BlobTarget.of(target), BlobTarget.ofPath(path))) {
            CountDownLatch inside = new CountDownLatch(3);
            ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
                if (read.offset() > 0) {
                    inside.countDown();
                    ScriptedStore.awaitInterrupt();
                }
            });
            ExecutorService pool = Executors.newFixedThreadPool(3);
            try (TransferManager reader = reader(pool)) {
                Transfer<ReadResult> transfer = read(reader, store, into);
                assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();

                pool.shutdownNow();

                assertCancelled(transfer);
            }
            assertThat(pool.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        }
    }

    @Test
    void aCallerInterruptedBeforehandGetsACancelledReadAndKeepsItsInterrupt() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT);
        try (TransferManager reader = reader(Runnable::run)) {
            Thread.currentThread().interrupt();
            Transfer<ReadResult> transfer = read(reader, store, BlobTarget.ofPath(path));

            assertThat(Thread.interrupted()).isTrue();
            assertCancelled(transfer);
        }
        assertThat(store.requests()).isEmpty();
    }
}
