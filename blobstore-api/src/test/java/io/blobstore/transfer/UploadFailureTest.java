package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static io.blobstore.transfer.ScriptedStore.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.RetainedSource;
import io.blobstore.StoredBlob;
import io.blobstore.contract.SuppressedFailures;
import io.blobstore.transfer.ScriptedStore.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests how uploads fail. */
@Timeout(120)
class UploadFailureTest {
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() throws InterruptedException {
        threads.shutdown();
        assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
    }

    private TransferManager uploader(Executor executor) {
        return TransferManager.builder().executor(executor).build();
    }

    private static BlobSource bytes(int size) {
        return BlobSource.of(ByteBuffer.allocateDirect(size));
    }

    /** Returns options with parts of 10 bytes and no retries. */
    private static UploadOptions parts(int concurrency) {
        return UploadOptions.builder()
                .partSize(10)
                .concurrency(concurrency)
                .retry(RetryPolicy.NEVER)
                .build();
    }

    private Throwable failureOf(ScriptedStore store, BlobSource source, int concurrency) {
        try (TransferManager uploader = uploader(threads)) {
            Transfer<StoredBlob> transfer = uploader.upload(store, KEY, source, parts(concurrency));
            return catchThrowable(transfer::join);
        }
    }

    @Test
    void theFirstFailureInterruptsTheOthersAndIsReportedWhenTheLastHasLeft() throws Exception {
        CountDownLatch secondInside = new CountDownLatch(1);
        CountDownLatch firstLeft = new CountDownLatch(1);
        CountDownLatch letSecondGo = new CountDownLatch(1);
        AtomicBoolean interrupted = new AtomicBoolean();
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            if (part == 1) {
                ScriptedStore.await(secondInside);
                throw failure("the first", false);
            }
            secondInside.countDown();
            try {
                ScriptedStore.awaitInterrupt();
            } catch (BlobStoreException e) {
                interrupted.set(true);
            }
            ScriptedStore.awaitUninterruptibly(letSecondGo); // a store that releases the memory late
        });
        Executor telling = task -> threads.execute(() -> {
            task.run();
            firstLeft.countDown();
        });
        try (TransferManager uploader = uploader(telling)) {
            Transfer<StoredBlob> transfer = uploader.upload(store, KEY, bytes(100), parts(2));
            assertThat(firstLeft.await(60, TimeUnit.SECONDS)).isTrue();

            // The worker that failed has left, the other one is still inside the store.
            assertThat(store.inside()).isEqualTo(1);
            assertThat(transfer.toCompletableFuture()).isNotDone();
            assertThat(store.requests()).doesNotContain("ABORT");
            assertThat(transfer.cancel()).isFalse(); // the outcome is decided
            letSecondGo.countDown();

            assertThatThrownBy(transfer::join)
                    .hasMessageContaining("the first")
                    .satisfies(problem ->
                            assertThat(SuppressedFailures.of(problem)).isEmpty());
            assertThat(transfer.toCompletableFuture())
                    .failsWithin(Duration.ZERO)
                    .withThrowableOfType(ExecutionException.class)
                    .withMessageContaining("the first");
        }
        assertThat(interrupted).isTrue();
        assertThat(store.requests()).containsExactlyInAnyOrder("CREATE", "PART 1", "PART 2", "ABORT");
        assertThat(store.requests()).endsWith("ABORT");
    }

    @Test
    void furtherFailuresAreSuppressed() {
        CountDownLatch allInside = new CountDownLatch(3);
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            allInside.countDown();
            ScriptedStore.awaitUninterruptibly(allInside);
            throw failure("of part " + part, false);
        });

        Throwable problem = failureOf(store, bytes(30), 3);

        assertThat(problem).isInstanceOf(BlobStoreException.class);
        List<Throwable> suppressed = SuppressedFailures.of(problem);
        assertThat(suppressed).hasSize(2);
        assertThat(List.of(problem, suppressed.get(0), suppressed.get(1)))
                .extracting(Throwable::getMessage)
                .containsExactlyInAnyOrder(
                        "store 'key': of part 1", "store 'key': of part 2", "store 'key': of part 3");
    }

    @Test
    void anAbortThatFailsIsSuppressed() {
        ScriptedStore store = new ScriptedStore()
                .on(Request.PART, part -> {
                    throw failure("of the part", false);
                })
                .on(Request.ABORT, part -> {
                    throw failure("of the abort", false);
                });

        Throwable problem = failureOf(store, bytes(30), 1);

        assertThat(problem).hasMessageContaining("of the part");
        assertThat(SuppressedFailures.of(problem))
                .singleElement()
                .satisfies(suppressed -> assertThat(suppressed).hasMessageContaining("of the abort"));
        assertThat(store.count("ABORT")).isEqualTo(1);
    }

    @Test
    void aStoreThatAlwaysFailsWithOneAndTheSameExceptionIsNoTrap() {
        BlobStoreException same = failure("the connection is broken", false);
        CountDownLatch bothInside = new CountDownLatch(2);
        ScriptedStore store = new ScriptedStore()
                .on(Request.PART, part -> {
                    bothInside.countDown();
                    ScriptedStore.awaitUninterruptibly(bothInside);
                    throw same;
                })
                .on(Request.ABORT, part -> {
                    throw same;
                });

        assertThat(failureOf(store, bytes(20), 2)).isSameAs(same);
    }

    @Test
    void unexpectedExceptionsAndErrorsEndTheUploadToo() {
        for (Throwable unexpected : List.of(new IllegalStateException("a bug"), new StackOverflowError())) {
            for (Request request : List.of(Request.STORE, Request.CREATE, Request.PART, Request.COMPLETE)) {
                ScriptedStore store = new ScriptedStore()
                        .on(request, part -> throwUnchecked(unexpected))
                        .on(Request.ABORT, part -> throwUnchecked(new InternalError("of the abort")));

                assertThat(failureOf(store, bytes(request == Request.STORE ? 10 : 30), 2))
                        .isSameAs(unexpected);

                assertThat(store.stored()).isEmpty();
            }
        }
    }

    private static void throwUnchecked(Throwable problem) {
        if (problem instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) problem;
    }

    @Test
    void aSourceThatCannotBeReleasedDoesNotHideTheOutcome() throws Exception {
        BlobSource bytes = bytes(30);
        BlobSource stubborn = new BlobSource() {
            @Override
            public long size() {
                return bytes.size();
            }

            @Override
            public BlobSource slice(long offset, long length) {
                return bytes.slice(offset, length);
            }

            @Override
            public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
                bytes.forEachBuffer(maxBufferSize, visitor);
            }

            @Override
            public void checkUnchanged() throws IOException {
                bytes.checkUnchanged();
            }

            @Override
            public RetainedSource retain() {
                return RetainedSource.of(this, () -> {
                    throw new IllegalStateException("no");
                });
            }
        };
        try (TransferManager uploader = uploader(threads)) {
            assertThat(uploader.upload(new ScriptedStore(), KEY, stubborn, parts(2))
                            .join()
                            .size())
                    .isEqualTo(30);
        }
    }

    @Test
    void aBlobWithAnotherChecksumIsAnIntegrityException() {
        ScriptedStore store = new ScriptedStore().reporting(new Crc32c(0x12345678));

        assertThat(failureOf(store, bytes(30), 2))
                .isInstanceOf(IntegrityException.class)
                .hasMessageContaining("crc32c:12345678")
                .hasMessageContaining("must not be used");
    }

    @Test
    void aStoppedUploadDoesNotRetry() {
        CountDownLatch secondInside = new CountDownLatch(1);
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            if (part == 1) {
                ScriptedStore.await(secondInside);
                throw failure("the first", false);
            }
            secondInside.countDown();
            try {
                ScriptedStore.awaitInterrupt();
            } finally {
                Thread.interrupted(); // a store that reports the interrupt as a retryable failure
            }
        });
        try (TransferManager uploader = uploader(threads)) {
            Transfer<StoredBlob> transfer = uploader.upload(
                    store,
                    KEY,
                    bytes(20),
                    parts(2).toBuilder().retry(RetryPolicy.DEFAULT).build());
            assertThatThrownBy(transfer::join).hasMessageContaining("the first");
            assertThat(transfer.progress().retries()).isZero();
        }
        assertThat(store.count("PART 2")).isEqualTo(1);
    }

    @Test
    void theFuturesOfATransferAreTheirOwn() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> ScriptedStore.await(go));
        try (TransferManager uploader = uploader(threads)) {
            Transfer<StoredBlob> transfer = uploader.upload(store, KEY, bytes(30), parts(2));
            assertThat(transfer.toCompletableFuture().cancel(true)).isTrue();
            assertThat(transfer.toCompletableFuture().completeExceptionally(new IOException("not yours")))
                    .isTrue();
            go.countDown();

            assertThat(transfer.join().size()).isEqualTo(30);
            assertThat(transfer.toCompletableFuture().join().size()).isEqualTo(30);
        }
    }

    @Test
    void aFutureFailsWithWhatJoinThrows() {
        ScriptedStore store = new ScriptedStore().on(Request.CREATE, part -> {
            throw failure("no", false);
        });
        AtomicReference<Throwable> seen = new AtomicReference<>();
        try (TransferManager uploader = uploader(threads)) {
            Transfer<StoredBlob> transfer = uploader.upload(store, KEY, bytes(30), parts(2));
            Throwable thrown = catchThrowable(transfer::join);
            transfer.toCompletableFuture().whenComplete((result, problem) -> seen.set(problem));

            assertThatExceptionOfType(CompletionException.class)
                    .isThrownBy(() -> transfer.toCompletableFuture().join())
                    .havingCause()
                    .isSameAs(thrown);
            assertThat(seen.get()).hasCause(thrown);
        }
        assertThat(store.requests()).containsExactly("CREATE"); // no upload to abort
    }
}
