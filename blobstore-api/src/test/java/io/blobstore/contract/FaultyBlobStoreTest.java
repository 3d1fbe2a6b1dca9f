package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.StoreOptions;
import io.blobstore.ThrottledException;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class FaultyBlobStoreTest {
    private static final BlobKey KEY = BlobKey.of("key");
    private static final byte[] CONTENT = ContractFixture.bytes(5000, 1);

    private final InMemoryBlobStore memory = new InMemoryBlobStore();

    /** Without faults, the store passes the contract. */
    @Nested
    class WithoutFaults extends BlobStoreContract {
        @Override
        protected BlobStore openStore(Path directory) {
            return FaultyBlobStore.over(memory).build();
        }

        @Override
        protected List<String> leftovers() {
            return memory.openUploads();
        }
    }

    @Test
    void anErrorKeepsTheRequestFromTheStore() {
        FaultyBlobStore store = FaultyBlobStore.over(memory).at(1, Fault.ERROR).build();

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> store.store(KEY, content()))
                .satisfies(e -> {
                    assertThat(e.isRetryable()).isTrue();
                    assertThat(e.key()).contains(KEY);
                    assertThat(e.operation()).isEqualTo(Operation.STORE);
                });
        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> memory.head(KEY));
        assertThat(store.injected(Fault.ERROR)).isEqualTo(1);
        assertThat(store.requests()).isEqualTo(1);
    }

    @Test
    void aResponseIsLostAfterTheEffect() throws IOException {
        FaultyBlobStore store =
                FaultyBlobStore.over(memory).at(1, Fault.RESPONSE_LOST).build();

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> store.store(KEY, content()))
                .satisfies(e -> assertThat(e.isRetryable()).isTrue());
        assertThat(memory.head(KEY).size()).isEqualTo(CONTENT.length);
        assertThat(store.injected()).isEqualTo(1);
    }

    @Test
    void aLostResponseToTheCreationOfAnUploadLeavesNoUpload() {
        FaultyBlobStore store = FaultyBlobStore.over(memory)
                .at(Operation.CREATE_UPLOAD, 1, Fault.RESPONSE_LOST)
                .build();

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> store.createMultipartUpload(KEY, new PartLayout(5000, 5000), StoreOptions.DEFAULT));
        assertThat(memory.openUploads()).isEmpty();
    }

    @Test
    void aFatalErrorIsNotRetryable() {
        FaultyBlobStore store =
                FaultyBlobStore.over(memory).at(2, Fault.FATAL_ERROR).build();

        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> store.head(KEY));
        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> store.delete(KEY))
                .satisfies(e -> assertThat(e.isRetryable()).isFalse());
    }

    @Test
    void aThrottledRequestCarriesTheDelay() {
        FaultyBlobStore store = FaultyBlobStore.over(memory)
                .at(1, Fault.THROTTLED)
                .retryAfter(Duration.ofSeconds(42))
                .build();

        assertThatExceptionOfType(ThrottledException.class)
                .isThrownBy(() -> store.list(ListOptions.DEFAULT).close())
                .satisfies(e -> assertThat(e.retryAfter()).contains(Duration.ofSeconds(42)));
    }

    @Test
    void aTruncatedReadFailsAndDoesNotMoveTheTarget() throws IOException {
        memory.store(KEY, content());
        FaultyBlobStore store =
                FaultyBlobStore.over(memory).at(1, Fault.TRUNCATED_READ).build();
        ByteBuffer target = ByteBuffer.allocate(6000).position(10);

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> store.read(KEY, ByteRange.all(), target))
                .satisfies(e -> assertThat(e.isRetryable()).isTrue());
        assertThat(target.position()).isEqualTo(10);
        assertThat(target.slice(10, 5000)).isNotEqualTo(ByteBuffer.wrap(CONTENT));
    }

    @Test
    void aFlippedBitIsFoundWhenTheWholeBlobIsRead() throws IOException {
        memory.store(KEY, content());
        FaultyBlobStore store =
                FaultyBlobStore.over(memory).at(1, Fault.FLIPPED_READ).build();
        ByteBuffer target = ByteBuffer.allocate(6000).position(10);

        assertThatExceptionOfType(IntegrityException.class).isThrownBy(() -> store.read(KEY, ByteRange.all(), target));
        assertThat(target.position()).isEqualTo(10);
    }

    @Test
    void aFlippedBitOfAPartOfABlobIsOneBit() throws IOException {
        memory.store(KEY, content());
        for (long seed = 0; seed < 50; seed++) {
            FaultyBlobStore store = FaultyBlobStore.over(memory)
                    .seed(seed)
                    .at(1, Fault.FLIPPED_READ)
                    .build();
            ByteBuffer target = ByteBuffer.allocate(100);

            store.read(KEY, ByteRange.of(1000, 100), target);

            int flipped = 0;
            for (int i = 0; i < 100; i++) {
                flipped += Integer.bitCount((target.get(i) ^ CONTENT[1000 + i]) & 0xFF);
            }
            assertThat(flipped).as("bits flipped with seed %d", seed).isEqualTo(1);
        }
    }

    @Test
    void aFlippedPartIsFoundAtCompletion() throws IOException {
        FaultyBlobStore store = FaultyBlobStore.over(memory)
                .at(Operation.UPLOAD_PART, 1, Fault.FLIPPED_PART)
                .build();
        try (MultipartUpload upload =
                store.createMultipartUpload(KEY, new PartLayout(5000, 5000), StoreOptions.DEFAULT)) {
            assertThat(upload.uploadPart(1, BlobSource.of(content())).checksum())
                    .isEqualTo(Crc32c.of(content()));
            assertThat(upload.parts().get(0).checksum()).isEqualTo(Crc32c.of(content()));
            assertThatExceptionOfType(IntegrityException.class).isThrownBy(() -> upload.complete(Crc32c.of(content())));

            // Sent again, it arrives undamaged.
            upload.uploadPart(1, BlobSource.of(content()));
            upload.complete(Crc32c.of(content()));
        }
        assertThat(memory.head(KEY).size()).isEqualTo(5000);
    }

    @Test
    void aStalledRequestContinuesWhenItIsReleased() throws Exception {
        FaultyBlobStore store = FaultyBlobStore.over(memory).at(1, Fault.STALL).build();
        CompletableFuture<Long> stalled =
                inThread(() -> store.store(KEY, content()).size());

        store.awaitStall();
        assertThat(stalled).isNotDone();
        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> memory.head(KEY));
        store.releaseStalls();

        assertThat(stalled.get()).isEqualTo(5000);
    }

    @Test
    void aStalledRequestEndsWithAnInterrupt() throws Exception {
        FaultyBlobStore store = FaultyBlobStore.over(memory).at(1, Fault.STALL).build();
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        CompletableFuture<Long> stalled = inThread(() -> {
            thread.complete(Thread.currentThread());
            return store.store(KEY, content()).size();
        });

        store.awaitStall();
        thread.get().interrupt();

        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(stalled::get)
                .withCauseInstanceOf(BlobStoreException.class);
        assertThat(store.injected(Fault.STALL)).isEqualTo(1);
    }

    @Test
    void aFaultThatCannotOccurInARequestIsIgnored() throws IOException {
        FaultyBlobStore store =
                FaultyBlobStore.over(memory).at(1, Fault.FLIPPED_PART).build();

        store.store(KEY, content());

        assertThat(store.injected()).isZero();
    }

    @Test
    void theSameSeedFailsTheSame() {
        for (long seed = 0; seed < 20; seed++) {
            assertThat(failures(seed)).as("seed %d", seed).isEqualTo(failures(seed));
        }
        assertThat(failures(1)).isNotEqualTo(failures(2));
        assertThat(failures(3)).contains(true, false);
    }

    /** Returns which of a hundred requests failed. */
    private List<Boolean> failures(long seed) {
        FaultyBlobStore store = FaultyBlobStore.over(memory)
                .seed(seed)
                .chance(Fault.ERROR, 0.3)
                .chanceOnlyFor(Operation.LIST)
                .build();
        List<Boolean> failed = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            try {
                store.list(ListOptions.DEFAULT).close();
                failed.add(false);
            } catch (IOException e) {
                failed.add(true);
            }
        }
        return failed;
    }

    @Test
    void randomFaultsDependOnTheRequestAndNotOnTheOrder() {
        for (long seed = 0; seed < 20; seed++) {
            List<Integer> order = new ArrayList<>(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
            List<Integer> forwards = failedKeys(seed, order);
            Collections.reverse(order);

            assertThat(failedKeys(seed, order)).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(forwards);
        }
    }

    private List<Integer> failedKeys(long seed, List<Integer> order) {
        FaultyBlobStore store = FaultyBlobStore.over(memory)
                .seed(seed)
                .chance(Fault.FATAL_ERROR, 0.5)
                .build();
        List<Integer> failed = new ArrayList<>();
        for (int i : order) {
            try {
                store.delete(BlobKey.of("key-" + i));
            } catch (IOException e) {
                failed.add(i);
            }
        }
        return failed;
    }

    @Test
    void itPrintsWhatItDecorates() {
        assertThat(FaultyBlobStore.over(FaultyBlobStore.over(memory).build()).build())
                .hasToString("FaultyBlobStore(FaultyBlobStore(mem:))");
    }

    private static ByteBuffer content() {
        return ByteBuffer.wrap(CONTENT);
    }

    private interface Task<T> {
        T run() throws Exception;
    }

    private static <T> CompletableFuture<T> inThread(Task<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        new Thread(() -> {
                    try {
                        result.complete(task.run());
                    } catch (Throwable e) {
                        result.completeExceptionally(e);
                    }
                })
                .start();
        return result;
    }
}
