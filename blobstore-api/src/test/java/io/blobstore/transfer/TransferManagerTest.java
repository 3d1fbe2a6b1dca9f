package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import io.blobstore.SourceChangedException;
import io.blobstore.StoreObserver;
import io.blobstore.StoredBlob;
import io.blobstore.internal.memory.LeaseTicket;
import io.blobstore.memory.MappedFile;
import io.blobstore.spi.TransferEvents;
import io.blobstore.transfer.ScriptedStore.Request;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests the manager as a whole: the lifetime of mapped memory, also after closing, and shared limits. */
@Tag("jdk")
@Timeout(120)
class TransferManagerTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    private Path directory;

    private MappedFile file;

    @BeforeEach
    void map() throws IOException {
        file = MappedFile.open(Files.write(directory.resolve("file"), new byte[100]));
    }

    @AfterEach
    void everythingIsReleased() {
        file.close();
        assertThat(file.isReleased()).isTrue();
        assertThat(LeaseTicket.openLeases())
                .noneMatch(lease -> lease.getMessage().contains(directory.toString()));
    }

    private Transfer<StoredBlob> upload(TransferManager uploader, ScriptedStore store) {
        return upload(uploader, store, 3);
    }

    private Transfer<StoredBlob> upload(TransferManager uploader, ScriptedStore store, int concurrency) {
        return uploader.upload(
                store,
                KEY,
                file.region(),
                UploadOptions.builder()
                        .partSize(10)
                        .concurrency(concurrency)
                        .retry(RetryPolicy.NEVER)
                        .build());
    }

    // ---- memory

    @ParameterizedTest
    @EnumSource(Ending.class)
    void completionIsReportedWhenAllLeasesAreClosed(Ending ending) throws Exception {
        CompletableFuture<Transfer<?>> started = new CompletableFuture<>();
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            Transfer<?> transfer = started.join();
            if (part == 5) {
                ending.reach(transfer);
            }
        });
        CountDownLatch dependentAttached = new CountDownLatch(1);
        store.on(Request.CREATE, part -> ScriptedStore.awaitUninterruptibly(dependentAttached));
        AtomicInteger leases = new AtomicInteger(-1);
        AtomicInteger inside = new AtomicInteger(-1);
        try (TransferManager uploader = TransferManager.create()) {
            Transfer<StoredBlob> transfer = upload(uploader, store);
            assertThat(file.leases()).isPositive();
            CompletableFuture<?> dependent = transfer.toCompletableFuture().handle((result, problem) -> {
                leases.set(file.leases());
                inside.set(store.inside());
                return problem;
            });
            started.complete(transfer);
            dependentAttached.countDown();

            assertThat(dependent.get(60, TimeUnit.SECONDS) == null).isEqualTo(ending == Ending.SUCCESS);
        }
        assertThat(leases).hasValue(0);
        assertThat(inside).hasValue(0);
    }

    @Test
    void theFileMayBeClosedAsSoonAsTheUploadHasBegun() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        ScriptedStore store = new ScriptedStore().on(Request.CREATE, part -> ScriptedStore.await(closed));
        try (TransferManager uploader = TransferManager.create()) {
            Transfer<StoredBlob> transfer = upload(uploader, store);
            file.close();
            assertThat(file.isReleased()).isFalse();
            assertThatIllegalStateException().isThrownBy(() -> file.region().acquire());
            closed.countDown();

            assertThat(transfer.join().size()).isEqualTo(100);
            assertThat(file.isReleased()).isTrue();
        }
        assertThat(store.stored()).contains(new byte[100]);
    }

    @Test
    void aClosedFileIsRefused() {
        file.close();
        try (TransferManager uploader = TransferManager.create()) {
            assertThatIllegalStateException().isThrownBy(() -> upload(uploader, new ScriptedStore()));
        }
    }

    @Test
    void aFileThatChangesDuringTheTransferFailsIt() {
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            if (part == 3) { // one part at a time: no other thread reads it, and this part's own bytes remain
                try (RandomAccessFile changing =
                        new RandomAccessFile(file.path().toFile(), "rw")) {
                    changing.setLength(101);
                }
            }
        });
        try (TransferManager uploader = TransferManager.create()) {
            Transfer<StoredBlob> transfer = upload(uploader, store, 1);

            assertThatExceptionOfType(SourceChangedException.class)
                    .isThrownBy(transfer::join)
                    .withMessageContaining("it grew from 100 to 101 bytes");
        }
        assertThat(store.requests()).containsExactly("CREATE", "PART 1", "PART 2", "PART 3", "ABORT");
        assertThat(store.stored()).isEmpty();
    }

    // ---- bytes in flight

    @Test
    void uploadsAndDownloadsShareTheBytesInFlight() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        ScriptedStore uploading = new ScriptedStore().on(Request.STORE, part -> {
            inside.countDown();
            ScriptedStore.awaitUninterruptibly(go);
        });
        ScriptedReads reading = ScriptedReads.of(new byte[10]);
        List<Thread> threads = new CopyOnWriteArrayList<>();
        Executor executor = task -> {
            Thread thread = new Thread(task, "transfer");
            threads.add(thread);
            thread.start();
        };
        try (TransferManager manager =
                TransferManager.builder().executor(executor).maxBytesInFlight(1).build()) {
            Transfer<StoredBlob> upload = manager.upload(uploading, KEY, file.region());
            assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();

            Transfer<ReadResult> download =
                    manager.download(reading, KEY, ByteRange.all(), BlobTarget.of(ByteBuffer.allocate(10)));
            while (threads.get(1).getState() != Thread.State.WAITING) {
                assertThat(threads.get(1).getState()).isNotEqualTo(Thread.State.TERMINATED);
                Thread.onSpinWait();
            }
            assertThat(reading.requests()).isEmpty();
            go.countDown();

            assertThat(upload.join().size()).isEqualTo(100);
            assertThat(download.join().length()).isEqualTo(10);
        }
    }

    // ---- closing

    @Test
    void aTransferIsTakenForRunningUntilItsOutcomeIsThere() throws Exception {
        CompletableFuture<Boolean> doneWhenForgotten = new CompletableFuture<>();
        RunningTransfers running = new RunningTransfers() {
            @Override
            void ended(ParallelTransfer<?> transfer) {
                doneWhenForgotten.complete(transfer.toCompletableFuture().isDone());
            }
        };
        Environment environment = new Environment(
                Runnable::run,
                new ByteBudget(1),
                running,
                new FakeClock(),
                new Random(),
                new TransferEvents(StoreObserver.NONE),
                Optional.empty());
        Upload upload = new Upload(new ScriptedStore(), KEY, file.region(), UploadOptions.DEFAULT, environment);

        upload.start();

        // Otherwise close() could return before it.
        assertThat(doneWhenForgotten).isCompletedWithValue(true);
    }

    @Test
    void uploadsAfterTheEndAreRefusedAndHoldNothing() {
        ScriptedStore store = new ScriptedStore();
        TransferManager uploader = TransferManager.create();
        uploader.close();
        uploader.close();
        AtomicInteger ends = new AtomicInteger();
        TransferListener listener = new TransferListener() {
            @Override
            public void onEnd(TransferProgress progress, Throwable failure) {
                ends.incrementAndGet();
            }
        };

        assertThatIllegalStateException()
                .isThrownBy(() -> uploader.upload(
                        store,
                        KEY,
                        file.region(),
                        UploadOptions.builder().listener(listener).build()))
                .withMessageContaining("closed");

        assertThat(file.leases()).isZero();
        assertThat(ends).hasValue(0); // no transfer was started
        assertThat(store.requests()).isEmpty();
    }

    @Test
    void uploadsRacingTheEndAreRefusedOrFinished() throws Exception {
        for (int i = 0; i < 500; i++) {
            TransferManager uploader = TransferManager.create();
            CountDownLatch both = new CountDownLatch(2);
            Thread closing = new Thread(() -> {
                both.countDown();
                ScriptedStore.awaitUninterruptibly(both);
                uploader.close();
            });
            closing.start();
            both.countDown();
            ScriptedStore.awaitUninterruptibly(both);
            try {
                assertThat(upload(uploader, new ScriptedStore()).join(PATIENCE).size())
                        .isEqualTo(100);
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("closed");
            }
            closing.join();
            assertThat(file.leases()).isZero();
        }
    }

    @Test
    void refusesABudgetOfNothing() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TransferManager.builder().maxBytesInFlight(0).build());
    }
}
