package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.blobstore.BlobSource;
import io.blobstore.StoredBlob;
import io.blobstore.contract.LeakCheck;
import io.blobstore.transfer.ScriptedStore.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests closing a manager with a deadline, and cancelling everything that it does. */
@Tag("jdk")
@Timeout(120)
@ExtendWith(LeakCheck.class)
class TransferManagerCloseTest {
    private static final Duration LONG = Duration.ofDays(1);

    private final CountDownLatch inside = new CountDownLatch(1);

    private static Transfer<StoredBlob> upload(TransferManager transfers, ScriptedStore store) {
        return transfers.upload(
                store,
                KEY,
                BlobSource.of(ByteBuffer.allocateDirect(100)),
                UploadOptions.builder().partSize(10).retry(RetryPolicy.NEVER).build());
    }

    /** Returns a store whose parts are sent until they are interrupted. */
    private ScriptedStore endless() {
        return new ScriptedStore().on(Request.PART, part -> {
            inside.countDown();
            ScriptedStore.awaitInterrupt();
        });
    }

    private void awaitInside() throws InterruptedException {
        assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();
    }

    /** Calls something on another thread, and returns when that has ended or waits. */
    private static CompletableFuture<Boolean> onAnotherThread(BooleanSupplier closing) {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        Thread thread = new Thread(() -> result.complete(closing.getAsBoolean()));
        thread.start();
        while (!ReadLimitsTest.isWaiting(thread) && !result.isDone()) {
            Thread.onSpinWait();
        }
        return result;
    }

    // ---- closing

    /** Closes with much time, or, as {@link TransferManager#close()} does, without a limit. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void transfersThatEndInTimeAreAwaited(boolean limited) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        ScriptedStore store = new ScriptedStore().on(Request.CREATE, part -> {
            inside.countDown();
            ScriptedStore.await(go);
        });
        TransferManager transfers = TransferManager.create();
        Transfer<StoredBlob> transfer = upload(transfers, store);
        awaitInside();

        CompletableFuture<Boolean> doneWhenClosed = onAnotherThread(() -> {
            boolean inTime = !limited || transfers.close(LONG);
            transfers.close();
            return inTime && transfer.toCompletableFuture().isDone();
        });
        assertThatIllegalStateException()
                .isThrownBy(() -> upload(transfers, store))
                .withMessageContaining("closed");
        assertThat(doneWhenClosed).isNotDone();
        go.countDown();

        assertThat(doneWhenClosed.get(60, TimeUnit.SECONDS)).isTrue();
        assertThat(transfer.join().size()).isEqualTo(100);
    }

    /** Closes without time; with much, which an interrupt ends; and without a limit, after an interrupt. */
    @ParameterizedTest
    @EnumSource
    void aCancelledTransferIsAwaitedUntilItsRequestHasEnded(Impatience impatience) throws Exception {
        CountDownLatch interrupted = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            inside.countDown();
            try {
                ScriptedStore.awaitInterrupt();
            } finally {
                interrupted.countDown();
                ScriptedStore.awaitUninterruptibly(go);
            }
        });
        TransferManager transfers = TransferManager.create();
        Transfer<StoredBlob> transfer = upload(transfers, store);
        awaitInside();

        CompletableFuture<Boolean> closed = onAnotherThread(() -> impatience.close(transfers));
        assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(closed).isNotDone(); // the request is still inside the store
        go.countDown();

        assertThat(closed.get(60, TimeUnit.SECONDS)).isTrue();
        assertThat(store.inside()).isZero();
        assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
    }

    /** Why closing cancels. */
    private enum Impatience {
        NO_TIME {
            @Override
            boolean close(TransferManager transfers) {
                return !transfers.close(Duration.ZERO);
            }
        },
        INTERRUPT {
            @Override
            boolean close(TransferManager transfers) {
                Thread.currentThread().interrupt();
                boolean inTime = transfers.close(LONG);
                return !inTime && Thread.interrupted();
            }
        },
        INTERRUPT_WITHOUT_LIMIT {
            @Override
            boolean close(TransferManager transfers) {
                Thread.currentThread().interrupt();
                transfers.close();
                return Thread.interrupted();
            }
        };

        /** Closes a manager whose transfer does not end; returns whether the result and the status are right. */
        abstract boolean close(TransferManager transfers);
    }

    @Test
    void aDependentOfATransferMayCloseTheManager() throws Exception {
        CountDownLatch attached = new CountDownLatch(1);
        ScriptedStore store = new ScriptedStore().on(Request.CREATE, part -> ScriptedStore.await(attached));
        TransferManager transfers = TransferManager.create();
        CompletableFuture<Void> closed =
                upload(transfers, store).toCompletableFuture().thenRun(transfers::close);
        attached.countDown();

        assertThat(closed).succeedsWithin(Duration.ofMinutes(1));
        assertThatIllegalStateException().isThrownBy(() -> upload(transfers, store));
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 1})
    void transfersThatDoNotEndInTimeAreCancelledAndHaveEnded(long nanos) throws Exception {
        ScriptedStore store = endless();
        TransferManager transfers = TransferManager.create();
        Transfer<StoredBlob> transfer = upload(transfers, store);
        awaitInside();

        assertThat(transfers.close(nanos == Long.MIN_VALUE ? Duration.ofSeconds(nanos) : Duration.ofNanos(nanos)))
                .isFalse();

        assertThat(store.inside()).isZero();
        assertThat(store.requests()).endsWith("ABORT");
        assertThat(transfer.toCompletableFuture()).isCompletedExceptionally();
        assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
    }

    @Test
    void aManagerWithoutTransfersIsClosedAtOnce() {
        TransferManager transfers = TransferManager.create();
        assertThat(transfers.close(Duration.ZERO)).isTrue();
        assertThat(transfers.close(Duration.ofSeconds(Long.MAX_VALUE))).isTrue();
        transfers.close();
        assertThatIllegalStateException().isThrownBy(() -> upload(transfers, new ScriptedStore()));
    }

    @Test
    void aFailureInTimeIsNoCancellation() throws Exception {
        ScriptedStore store = new ScriptedStore().on(Request.CREATE, part -> {
            throw ScriptedStore.failure("for good", false);
        });
        TransferManager transfers = TransferManager.create();
        Transfer<StoredBlob> transfer = upload(transfers, store);

        assertThat(transfers.close(LONG)).isTrue();

        assertThatExceptionOfType(IOException.class).isThrownBy(transfer::join).withMessageContaining("for good");
    }

    @Test
    void aWriterMayBeCompletedInTime() throws Exception {
        ScriptedStore store = new ScriptedStore();
        TransferManager transfers = TransferManager.create();
        try (BlobWriter writer = transfers.openWriter(store, KEY)) {
            CompletableFuture<Boolean> closed = onAnotherThread(() -> transfers.close(LONG));
            writer.write(ByteBuffer.allocate(10));
            assertThat(closed).isNotDone();

            assertThat(writer.complete().size()).isEqualTo(10);

            assertThat(closed.get(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(store.stored()).contains(new byte[10]);
    }

    @Test
    void aWriterThatIsNotCompletedInTimeIsCancelled() throws Exception {
        ScriptedStore store = new ScriptedStore();
        TransferManager transfers = TransferManager.create();
        try (BlobWriter writer = transfers.openWriter(store, KEY)) {
            writer.write(ByteBuffer.allocate(10));

            assertThat(transfers.close(Duration.ofNanos(1))).isFalse();

            assertThatExceptionOfType(ClosedChannelException.class)
                    .isThrownBy(() -> writer.write(ByteBuffer.allocate(10)));
        }
        assertThat(store.stored()).isEmpty();
    }

    @Test
    void nullIsRefused() {
        try (TransferManager transfers = TransferManager.create()) {
            assertThatNullPointerException()
                    .isThrownBy(() -> transfers.close(null))
                    .withMessage("grace");
            assertThat(transfers.upload(new ScriptedStore(), KEY, BlobSource.of()))
                    .isNotNull(); // it is still open
        }
    }

    // ---- cancelling

    @Test
    void allTransfersAreCancelledAndTheManagerStaysOpen() throws Exception {
        CountDownLatch three = new CountDownLatch(3);
        ScriptedStore store = new ScriptedStore().on(Request.CREATE, part -> {
            three.countDown();
            ScriptedStore.awaitInterrupt();
        });
        try (TransferManager transfers = TransferManager.create()) {
            transfers.cancelAll(); // there are none
            Transfer<StoredBlob> first = upload(transfers, store);
            Transfer<StoredBlob> second = upload(transfers, store);
            Transfer<StoredBlob> third = upload(transfers, store);
            assertThat(three.await(60, TimeUnit.SECONDS)).isTrue();

            transfers.cancelAll();

            assertThatExceptionOfType(CancellationException.class).isThrownBy(first::join);
            assertThatExceptionOfType(CancellationException.class).isThrownBy(second::join);
            assertThatExceptionOfType(CancellationException.class).isThrownBy(third::join);
            assertThat(store.inside()).isZero();
            assertThat(upload(transfers, new ScriptedStore()).join().size()).isEqualTo(100);
        }
    }

    @Test
    void openWritersAreCancelled() throws Exception {
        ScriptedStore store = new ScriptedStore();
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = transfers.openWriter(store, KEY)) {
            writer.write(ByteBuffer.allocate(10));

            transfers.cancelAll();

            assertThatExceptionOfType(CancellationException.class)
                    .isThrownBy(() -> writer.write(ByteBuffer.allocate(10)));
            assertThatExceptionOfType(CancellationException.class).isThrownBy(writer::complete);
        }
        assertThat(store.stored()).isEmpty();
    }

    @Test
    void aReadOfAReaderIsCancelledAndMayBeRepeated() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        byte[] content = {1, 2, 3};
        ScriptedReads store = ScriptedReads.of(content).on(read -> {
            inside.countDown();
            ScriptedStore.await(go);
        });
        try (TransferManager transfers = TransferManager.create();
                BlobReader reader = transfers.openReader(store, KEY)) {
            CompletableFuture<Throwable> problem = new CompletableFuture<>();
            ByteBuffer target = ByteBuffer.allocate(3);
            new Thread(() -> {
                        try {
                            problem.completeExceptionally(new AssertionError(reader.read(target)));
                        } catch (IOException e) {
                            problem.complete(e);
                        }
                    })
                    .start();
            awaitInside();

            transfers.cancelAll();

            assertThat(problem.get(60, TimeUnit.SECONDS)).hasMessageContaining("cancelled by its TransferManager");
            assertThat(target.position()).isZero();
            go.countDown();
            assertThat(reader.read(target)).isEqualTo(3);
            assertThat(target.array()).isEqualTo(content);
        }
    }
}
