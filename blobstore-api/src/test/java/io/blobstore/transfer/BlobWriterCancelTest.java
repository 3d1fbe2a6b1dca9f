package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.contract.LeakCheck;
import io.blobstore.transfer.ScriptedStore.Request;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests that each wait of a writer ends when it is cancelled, interrupted or closed, and leaves nothing. */
@Tag("jdk")
@Timeout(120)
@ExtendWith(LeakCheck.class)
class BlobWriterCancelTest {
    private static final int PART = BlobWriterTest.PART;

    private final CountDownLatch inside = new CountDownLatch(3);

    /** A store whose parts are sent until they are interrupted. */
    private final ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
        inside.countDown();
        ScriptedStore.awaitInterrupt();
    });

    /** Something that writes on a thread of its own. */
    private interface Writing {
        void run() throws IOException;
    }

    /** How a writing thread has ended. */
    private record End(Thread thread, CompletableFuture<Throwable> problem, CompletableFuture<Boolean> interrupted) {}

    private static End start(Writing writing) {
        CompletableFuture<Throwable> problem = new CompletableFuture<>();
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            Throwable thrown = catchThrowable(writing::run);
            interrupted.complete(Thread.currentThread().isInterrupted());
            problem.complete(thrown);
        });
        thread.start();
        return new End(thread, problem, interrupted);
    }

    /** Writes more than fits into flight, and waits until the thread is blocked by that. */
    private End startBlocked(BlobWriter writer) throws InterruptedException {
        End end = start(() -> writer.write(ByteBuffer.allocate(20 * PART)));
        assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();
        while (!ReadLimitsTest.isWaiting(end.thread)) {
            Thread.onSpinWait();
        }
        return end;
    }

    private void assertDiscarded() {
        assertThat(store.inside()).isZero();
        assertThat(store.count("ABORT")).isEqualTo(1);
        assertThat(store.requests()).endsWith("ABORT");
        assertThat(store.stored()).isEmpty();
    }

    private enum Cause {
        CANCEL {
            @Override
            void happen(BlobWriter writer, End end) {
                assertThat(writer.cancel()).isTrue();
            }
        },
        CLOSE {
            @Override
            void happen(BlobWriter writer, End end) {
                writer.close();
            }
        },
        INTERRUPT {
            @Override
            void happen(BlobWriter writer, End end) {
                end.thread.interrupt();
            }
        };

        abstract void happen(BlobWriter writer, End end);
    }

    @ParameterizedTest
    @EnumSource(Cause.class)
    void aWriteThatWaitsEnds(Cause cause) throws Exception {
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = BlobWriterTest.open(transfers, store)) {
            End end = startBlocked(writer);
            assertThat(store.inside()).isEqualTo(3);
            assertThat(writer.progress().bytesTransferred()).isZero();

            cause.happen(writer, end);

            assertThat(end.problem.get())
                    .isInstanceOf(
                            cause == Cause.INTERRUPT ? InterruptedIOException.class : CancellationException.class);
            assertThat(end.interrupted.get()).isEqualTo(cause == Cause.INTERRUPT);
            end.thread.join();
            if (cause != Cause.CLOSE) {
                assertThatExceptionOfType(CancellationException.class)
                        .isThrownBy(() -> writer.write(ByteBuffer.allocate(1)));
            }
        }
        assertDiscarded();
    }

    @ParameterizedTest
    @EnumSource(
            value = Cause.class,
            names = {"CANCEL", "CLOSE"})
    void aWriterThatIsIdleIsCancelled(Cause cause) throws Exception {
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = BlobWriterTest.open(transfers, store)) {
            writer.write(ByteBuffer.allocate(3 * PART + 1));
            assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();
            cause.happen(writer, start(() -> {}));
            Class<? extends Throwable> expected =
                    cause == Cause.CANCEL ? CancellationException.class : ClosedChannelException.class;
            assertThatExceptionOfType(expected).isThrownBy(writer::complete);
        }
        assertDiscarded();
    }

    @Test
    void aCompletionThatSendsItselfIsInterruptedAndCancelled() throws Exception {
        try (TransferManager transfers =
                        TransferManager.builder().executor(task -> {}).build();
                BlobWriter writer = BlobWriterTest.open(transfers, store)) {
            writer.write(ByteBuffer.allocate(2 * PART));
            End end = start(writer::complete);
            while (store.inside() == 0) {
                Thread.onSpinWait();
            }
            end.thread.interrupt();
            assertThat(end.problem.get()).isInstanceOf(InterruptedIOException.class);
            assertThat(end.interrupted.get()).isTrue();
        }
        assertDiscarded();
    }

    @Test
    void aCompletionThatWaitsForOthersIsInterruptedAndTheUploadCancelledByClosing() throws Exception {
        CountDownLatch letGo = new CountDownLatch(1);
        AtomicInteger started = new AtomicInteger();
        ScriptedStore slow = new ScriptedStore().on(Request.PART, part -> {
            started.incrementAndGet();
            ScriptedStore.await(letGo);
        });
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = transfers.openWriter(
                        slow,
                        KEY,
                        TransferProgress.UNKNOWN,
                        BlobWriterTest.OPTIONS.toBuilder().concurrency(9).build())) {
            writer.write(ByteBuffer.allocate(2 * PART));
            while (started.get() < 1) {
                Thread.onSpinWait();
            }
            End end = start(writer::complete);
            while (started.get() < 2 || !ReadLimitsTest.isWaiting(end.thread)) {
                Thread.onSpinWait();
            }
            end.thread.interrupt();
            assertThat(end.problem.get()).isInstanceOf(InterruptedIOException.class);
            assertThat(end.interrupted.get()).isTrue();
        }
        assertThat(slow.inside()).isZero();
        assertThat(slow.requests()).endsWith("ABORT");
        assertThat(slow.stored()).isEmpty();
    }

    @Test
    void aThreadInterruptedBeforehandCancelsWhenItWouldWait() throws Exception {
        End end = start(() -> {
            try (TransferManager transfers = TransferManager.create();
                    BlobWriter writer = BlobWriterTest.open(transfers, store)) {
                Thread.currentThread().interrupt();
                writer.write(ByteBuffer.allocate(PART)); // waits for nothing
                writer.write(ByteBuffer.allocate(20 * PART));
            }
        });
        assertThat(end.problem.get()).isInstanceOf(InterruptedIOException.class);
        assertThat(end.interrupted.get()).isTrue();
        assertThat(store.count("ABORT")).isEqualTo(store.count("CREATE"));
    }

    @Test
    void aManagerThatIsClosedWaitsForACompletion() throws Exception {
        CountDownLatch completing = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        ScriptedStore slow = new ScriptedStore().on(Request.COMPLETE, part -> {
            completing.countDown();
            ScriptedStore.await(go);
        });
        End completion;
        try (TransferManager transfers = TransferManager.create()) {
            BlobWriter writer = BlobWriterTest.open(transfers, slow);
            writer.write(ByteBuffer.allocate(2 * PART));
            completion = start(writer::complete);
            assertThat(completing.await(60, TimeUnit.SECONDS)).isTrue();
            End closing = start(transfers::close);
            while (!ReadLimitsTest.isWaiting(closing.thread)) {
                Thread.onSpinWait();
            }
            go.countDown();
            assertThat(closing.problem.get()).isNull();
        }
        assertThat(completion.problem.get()).isNull();
        assertThat(slow.stored()).isPresent();
    }
}
