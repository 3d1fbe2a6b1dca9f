package io.blobstore.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.directory.FileResult.Outcome;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.TransferProgress;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Failures of single files, threads and cancellation. */
class DirectoryFailuresTest extends DirectoryFixture {
    // ---- failures

    @Test
    void theFirstFailureStopsTheTransfer() throws Exception {
        for (int i = 0; i < 200; i++) {
            files("f" + i);
        }
        BlobStore failing = new ForwardingBlobStore(store) {
            private final AtomicInteger calls = new AtomicInteger();

            @Override
            public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
                if (calls.incrementAndGet() == 10) {
                    throw new BlobStoreException(Operation.STORE, key, "injected", null, false);
                }
                return super.store(key, content, options);
            }
        };

        Transfer<DirectoryResult> transfer = directories.upload(
                source, failing, "p", DirectoryOptions.builder().concurrency(1).build());

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(transfer::join)
                .withMessageContaining("injected");
        assertThat(keys()).hasSize(9);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void otherFilesAreTransferredInSpiteOfFailures(boolean upload) throws Exception {
        files("a", "b", "c");
        upload(DirectoryOptions.DEFAULT);
        BlobStore failing = failingFor("p/b");
        Set<String> reported = new TreeSet<>();
        DirectoryOptions options = CONTINUE.toBuilder()
                .listener(recording(Outcome.FAILED, reported))
                .build();

        DirectoryResult result = (upload
                        ? directories.upload(source, failing, "p", options)
                        : directories.download(failing, "p", target, options))
                .join();

        assertThat(result.transferred()).isEqualTo(2);
        assertThat(failed(result)).containsExactly("b");
        assertThat(reported).containsExactly("b");
        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(result::throwIfFailed)
                .withMessageContaining("injected");
        if (!upload) {
            assertThat(targetFiles()).containsExactly("a", "c");
        }
    }

    @Test
    void failuresAreCountedBeyondTheListedOnes() throws Exception {
        for (int i = 0; i < DirectoryResult.MAX_FAILURES + 5; i++) {
            blobs("p/../" + i);
        }

        DirectoryResult result = download(CONTINUE);

        assertThat(result.failed()).isEqualTo(DirectoryResult.MAX_FAILURES + 5);
        assertThat(result.failures()).hasSize(DirectoryResult.MAX_FAILURES);
    }

    @Test
    void requestsAreRetriedAndCounted() throws Exception {
        files("a", "b", "c");
        FaultyBlobStore faulty = FaultyBlobStore.over(store)
                .at(Operation.STORE, 1, Fault.ERROR)
                .at(Operation.STORE, 2, Fault.THROTTLED)
                .build();
        RetryPolicy soon = RetryPolicy.builder().baseDelay(Duration.ofMillis(1)).build();

        Transfer<DirectoryResult> transfer = directories.upload(
                source,
                faulty,
                "p",
                DirectoryOptions.builder()
                        .upload(UploadOptions.builder().retry(soon).build())
                        .build());

        assertThat(transfer.join().transferred()).isEqualTo(3);
        TransferProgress progress = transfer.progress();
        assertThat(progress.retries()).isEqualTo(2);
        assertThat(progress.throttledRequests()).isEqualTo(1);
        assertThat(progress.bytesTransferred()).isEqualTo(3);
        assertThat(progress.totalBytes()).isEqualTo(3);
        assertThat(progress.partsTransferred()).isEqualTo(3);
        assertThat(progress.totalParts()).isEqualTo(3);
    }

    @Test
    void aPreconditionHoldsForEachFile() throws Exception {
        files("a", "b");
        blobs("p/a");
        DirectoryOptions ifAbsent = CONTINUE.toBuilder()
                .upload(UploadOptions.builder()
                        .store(StoreOptions.builder()
                                .precondition(Precondition.ifAbsent())
                                .build())
                        .build())
                .build();

        assertThat(failed(upload(ifAbsent))).containsExactly("a");
        assertThat(keys()).containsExactly("p/a", "p/b");
    }

    @Test
    void aBlobThatVanishesFails() throws Exception {
        blobs("p/a", "p/b");
        BlobStore vanishing = new ForwardingBlobStore(store) {
            @Override
            public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window window, ReadOptions options)
                    throws IOException {
                super.delete(BlobKey.of("p/b"));
                return super.read(key, range, window, options);
            }
        };

        DirectoryResult result =
                directories.download(vanishing, "p", target, CONTINUE).join();

        assertThat(result.failures())
                .singleElement()
                .satisfies(failure ->
                        assertThat(failure.failure().orElseThrow()).isInstanceOf(BlobNotFoundException.class));
        assertThat(targetFiles()).containsExactly("a");
    }

    @Test
    void aStoreThatListsOutOfOrderIsRefused() throws Exception {
        BlobStore unordered = new ForwardingBlobStore(store) {
            @Override
            public BlobListing list(ListOptions options) throws IOException {
                List<BlobListing.Entry> entries = new ArrayList<>();
                for (String key : List.of("p/b", "p/a")) {
                    entries.add(BlobListing.Blob.of(BlobKey.of(key), 1, Optional.empty(), Optional.empty()));
                }
                return new FixedListing(entries.iterator());
            }
        };

        Transfer<DirectoryResult> transfer = directories.download(unordered, "p", target, MIRROR);

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(transfer::join)
                .withMessageContaining("after 'p/b'");
    }

    // ---- threads, cancellation

    @Test
    void noMoreFilesAreInFlightThanAllowedAndAsMany() throws Exception {
        for (int i = 0; i < 24; i++) {
            files("f" + i);
        }
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CyclicBarrier four = new CyclicBarrier(4); // each request waits for three others
        BlobStore counting = new ForwardingBlobStore(store) {
            @Override
            public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                try {
                    four.await(30, TimeUnit.SECONDS);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
                inside.decrementAndGet();
                return super.store(key, content, options);
            }
        };

        directories
                .upload(
                        source,
                        counting,
                        "p",
                        DirectoryOptions.builder().concurrency(4).build())
                .join();

        assertThat(most).hasValue(4);
        assertThat(keys()).hasSize(24);
    }

    /** Workers must not wait for each other: an executor of one thread suffices, also for large files. */
    @Test
    void oneThreadIsEnough() throws Exception {
        Files.write(source.resolve("large"), new byte[1 << 20]);
        files("a", "b");
        ExecutorService one = Executors.newSingleThreadExecutor();
        DirectoryOptions options = DirectoryOptions.builder()
                .upload(UploadOptions.builder().partSize(100_000).build())
                .build();
        try (TransferManager manager = TransferManager.builder().executor(one).build()) {
            DirectoryTransfer.of(manager).upload(source, store, "p", options).join(Duration.ofMinutes(1));
            DirectoryTransfer.of(manager).download(store, "p", target, options).join(Duration.ofMinutes(1));
        } finally {
            one.shutdown();
        }

        assertThat(targetFiles()).containsExactly("a", "b", "large");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCancelledTransferLeavesWholeFilesOnly(boolean upload) throws Exception {
        for (int i = 0; i < 50; i++) {
            files("f" + i);
        }
        Files.write(source.resolve("large"), new byte[1 << 20]);
        DirectoryOptions parts = CONTINUE.toBuilder()
                .upload(UploadOptions.builder().partSize(100_000).build())
                .build();
        if (!upload) {
            upload(parts);
        }
        FaultyBlobStore stalling = FaultyBlobStore.over(store)
                .chance(Fault.STALL, 0.2)
                .chanceOnlyFor(Operation.STORE, Operation.UPLOAD_PART, Operation.READ)
                .build();
        Transfer<DirectoryResult> transfer = upload
                ? directories.upload(source, stalling, "p", parts)
                : directories.download(stalling, "p", target, parts);
        stalling.awaitStall();

        assertThat(transfer.cancel()).isTrue();

        assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
        assertThat(store.openUploads()).isEmpty();
        if (!upload) {
            for (String file : targetFiles()) {
                assertThat(target.resolve(file)).hasSameBinaryContentAs(source.resolve(file));
            }
        }
    }

    @Test
    void closingTheManagerWaitsForTheTransfer() throws Exception {
        for (int i = 0; i < 100; i++) {
            files("f" + i);
        }
        Transfer<DirectoryResult> transfer = directories.upload(
                source, store, "p", DirectoryOptions.builder().concurrency(2).build());

        transfers.close();

        assertThat(transfer.join().transferred()).isEqualTo(100);
    }

    @Test
    void aListenerThatThrowsDoesNoHarm() throws Exception {
        files("a", "b");
        List<String> seen = new CopyOnWriteArrayList<>();

        DirectoryResult result = upload(DirectoryOptions.builder()
                .listener(new DirectoryListener() {
                    @Override
                    public void onFile(FileResult file) {
                        seen.add(file.path());
                        throw new IllegalStateException("injected");
                    }
                })
                .build());

        assertThat(seen).containsExactlyInAnyOrder("a", "b");
        assertThat(result.transferred()).isEqualTo(2);
    }
}
