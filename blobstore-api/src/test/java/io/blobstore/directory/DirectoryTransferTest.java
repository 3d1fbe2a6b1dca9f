package io.blobstore.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.DeleteResult;
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
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.directory.FileResult.Outcome;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.TransferProgress;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What directory transfers do with files, options and failures, whatever the store. */
@ExtendWith(LeakCheck.class)
class DirectoryTransferTest {
    private static final DirectoryOptions CONTINUE =
            DirectoryOptions.builder().failureMode(FailureMode.CONTINUE).build();
    private static final DirectoryOptions MIRROR = CONTINUE.toBuilder()
            .comparison(Comparison.SIZE_AND_CHECKSUM)
            .delete(true)
            .build();

    @TempDir
    Path temporary;

    private final InMemoryBlobStore store = new InMemoryBlobStore();
    private TransferManager transfers;
    private DirectoryTransfer directories;
    private Path source;
    private Path target;

    @BeforeEach
    void open() throws IOException {
        transfers = TransferManager.create();
        directories = DirectoryTransfer.of(transfers);
        source = Files.createDirectory(temporary.resolve("source"));
        target = temporary.resolve("target");
    }

    @AfterEach
    void close() throws IOException {
        transfers.close();
        store.close();
    }

    private void write(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private void files(String... paths) throws IOException {
        for (String path : paths) {
            write(source.resolve(path), path);
        }
    }

    private void blobs(String... keys) throws IOException {
        for (String key : keys) {
            store.store(BlobKey.of(key), ByteBuffer.wrap(key.getBytes()));
        }
    }

    private Set<String> keys() throws IOException {
        return names(store);
    }

    private static Set<String> names(BlobStore store) throws IOException {
        Set<String> names = new TreeSet<>();
        try (var listing = store.list(ListOptions.DEFAULT)) {
            while (listing.hasNext()) {
                names.add(listing.next().name());
            }
        }
        return names;
    }

    /** Returns the relative paths of all that is in the target directory, but directories. */
    private Set<String> targetFiles() throws IOException {
        try (Stream<Path> paths = Files.walk(target)) {
            Set<String> names = new TreeSet<>();
            paths.filter(path -> !Files.isDirectory(path))
                    .forEach(path -> names.add(target.relativize(path).toString()));
            return names;
        }
    }

    private DirectoryResult upload(DirectoryOptions options) throws Exception {
        return directories.upload(source, store, "p", options).join();
    }

    private DirectoryResult download(DirectoryOptions options) throws Exception {
        return directories.download(store, "p", target, options).join();
    }

    private static List<String> failed(DirectoryResult result) {
        return result.failures().stream().map(FileResult::path).sorted().toList();
    }

    // ---- what is transferred

    @Test
    void patternsAndTheFilterChooseFiles() throws Exception {
        files("a.csv", "d/b.csv", "d/c.txt", ".git/x.csv", "large.csv");
        write(source.resolve("large.csv"), "x".repeat(1000));

        DirectoryResult result = upload(DirectoryOptions.builder()
                .include("*.csv")
                .exclude(".git")
                .filter(entry -> entry.size() < 100)
                .build());

        assertThat(keys()).containsExactly("p/a.csv", "p/d/b.csv");
        assertThat(result.transferred()).isEqualTo(2);
        assertThat(result.skipped()).isZero();
    }

    @Test
    void linksAndSpecialFilesAreSkipped() throws Exception {
        files("a");
        Files.createSymbolicLink(source.resolve("link"), source.resolve("a"));
        Files.createSymbolicLink(source.resolve("dangling"), source.resolve("missing"));
        Files.createSymbolicLink(source.resolve("up"), temporary);
        new ProcessBuilder("mkfifo", source.resolve("pipe").toString()).start().waitFor();

        DirectoryResult result = upload(DirectoryOptions.DEFAULT);

        assertThat(keys()).containsExactly("p/a");
        assertThat(result.skipped()).isEqualTo(4);
    }

    @Test
    void linksAreFollowedOnRequestButNotInCircles() throws Exception {
        files("d/a");
        write(temporary.resolve("elsewhere/b"), "b");
        Files.createSymbolicLink(source.resolve("file"), source.resolve("d/a"));
        Files.createSymbolicLink(source.resolve("out"), temporary.resolve("elsewhere"));
        Files.createSymbolicLink(source.resolve("d/circle"), source);
        Files.createSymbolicLink(source.resolve("dangling"), source.resolve("missing"));

        DirectoryResult result = upload(CONTINUE.toBuilder().followLinks(true).build());

        assertThat(keys()).containsExactly("p/d/a", "p/file", "p/out/b");
        assertThat(failed(result)).containsExactly("d/circle/", "dangling");
        assertThat(result.failed()).isEqualTo(2);
    }

    @Test
    void markersOfDirectoriesAreSkipped() throws Exception {
        blobs("p/a");
        store.store(BlobKey.of("p/"), ByteBuffer.allocate(0));
        store.store(BlobKey.of("p/d/"), ByteBuffer.allocate(0));

        DirectoryResult result = download(DirectoryOptions.DEFAULT);

        assertThat(targetFiles()).containsExactly("a");
        assertThat(result.skipped()).isEqualTo(2);
    }

    @Test
    void anEmptyOrMissingDirectory() throws Exception {
        assertThat(upload(DirectoryOptions.DEFAULT).transferred()).isZero();
        assertThat(download(DirectoryOptions.DEFAULT).transferred()).isZero();
        assertThat(target).isDirectory();

        Transfer<DirectoryResult> missing = directories.upload(temporary.resolve("missing"), store, "p", CONTINUE);
        assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(missing::join);
    }

    @Test
    void downloadedFilesHaveTheTimesOfTheBlobs() throws Exception {
        blobs("p/a");

        download(DirectoryOptions.DEFAULT);

        assertThat(Files.getLastModifiedTime(target.resolve("a")))
                .isEqualTo(FileTime.from(store.head(BlobKey.of("p/a")).lastModified()));
    }

    @Test
    void overlappingCopiesAreRefused() {
        for (String to : List.of("a/b", "a", "")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> directories.copy(store, "a", to, DirectoryOptions.DEFAULT))
                    .withMessageContaining("overlap");
        }
    }

    @Test
    void blobsAreDeletedByPattern() throws Exception {
        blobs("logs/a.gz", "logs/b.txt", "logs/d/c.gz", "other.gz");

        DirectoryResult result = directories
                .delete(
                        store,
                        "logs/",
                        DirectoryOptions.builder().include("/*.gz").build())
                .join();

        assertThat(result.deleted()).isEqualTo(1);
        assertThat(keys()).containsExactly("logs/b.txt", "logs/d/c.gz", "other.gz");
    }

    @Test
    void thousandsAreDeletedInBatches() throws Exception {
        for (int i = 0; i < 2500; i++) {
            blobs("p/" + i);
        }
        List<Integer> batches = new CopyOnWriteArrayList<>();
        BlobStore counting = new ForwardingBlobStore(store) {
            @Override
            public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
                batches.add(keys.size());
                return super.delete(keys);
            }
        };

        DirectoryResult result =
                directories.delete(counting, "p/", DirectoryOptions.DEFAULT).join();

        assertThat(result.deleted()).isEqualTo(2500);
        assertThat(batches).containsExactly(1000, 1000, 500);
        assertThat(keys()).isEmpty();
    }

    // ---- comparison

    @ParameterizedTest
    @EnumSource
    void whatIsTakenForUnchanged(Comparison comparison) throws Exception {
        files("same", "touched", "content", "size");
        upload(DirectoryOptions.DEFAULT);
        Instant later = store.head(BlobKey.of("p/same")).lastModified().plusSeconds(60);
        Instant earlier = later.minusSeconds(600);
        for (String file : List.of("same", "content", "size")) {
            Files.setLastModifiedTime(source.resolve(file), FileTime.from(earlier));
        }
        Files.setLastModifiedTime(source.resolve("touched"), FileTime.from(later));
        Files.writeString(source.resolve("content"), "CONTENT");
        Files.setLastModifiedTime(source.resolve("content"), FileTime.from(earlier));
        Files.writeString(source.resolve("size"), "larger than before");
        Set<String> transferred = new TreeSet<>();

        upload(DirectoryOptions.builder()
                .comparison(comparison)
                .listener(recording(Outcome.TRANSFERRED, transferred))
                .build());

        assertThat(transferred)
                .containsExactlyInAnyOrderElementsOf(
                        switch (comparison) {
                            case NONE -> List.of("same", "touched", "content", "size");
                            case SIZE -> List.of("size");
                            case SIZE_AND_TIME -> List.of("touched", "size");
                            case SIZE_AND_CHECKSUM -> List.of("content", "size");
                        });
    }

    @ParameterizedTest
    @EnumSource(
            value = Comparison.class,
            names = {"SIZE_AND_TIME", "SIZE_AND_CHECKSUM"})
    void aDownloadIsNotRepeated(Comparison comparison) throws Exception {
        blobs("p/a", "p/d/b");
        DirectoryOptions options =
                DirectoryOptions.builder().comparison(comparison).build();
        assertThat(download(options).transferred()).isEqualTo(2);

        DirectoryResult again = download(options);

        assertThat(again.unchanged()).isEqualTo(2);
        assertThat(again.transferred()).isZero();
        store.store(BlobKey.of("p/a"), ByteBuffer.wrap(new byte[] {'P', '/', 'a'}));
        assertThat(download(options).transferred()).isEqualTo(1);
        assertThat(target.resolve("a")).hasContent("P/a");
    }

    private static DirectoryListener recording(Outcome outcome, Set<String> paths) {
        return new DirectoryListener() {
            @Override
            public void onFile(FileResult file) {
                if (file.outcome() == outcome) {
                    paths.add(file.path());
                }
            }
        };
    }

    // ---- deletions

    @Test
    void aMirrorDeletesWhatTheSourceDoesNotHave() throws Exception {
        files("a", "d/b");
        blobs("p/old", "p/d/old", "p/d-old/x", "q/other");

        DirectoryResult up = upload(MIRROR);
        write(target.resolve("stale/file"), "x");
        write(target.resolve("a"), "other");
        DirectoryResult down = download(MIRROR);

        assertThat(keys()).containsExactly("p/a", "p/d/b", "q/other");
        assertThat(up.deleted()).isEqualTo(3);
        assertThat(targetFiles()).containsExactly("a", "d/b");
        assertThat(down.deleted()).isEqualTo(1);
    }

    @Test
    void whatIsExcludedIsNotDeleted() throws Exception {
        files("a", "kept.tmp");
        blobs("p/cache/x", "p/b.tmp", "p/c");

        upload(MIRROR.toBuilder().exclude("cache", "*.tmp").build());

        assertThat(keys()).containsExactly("p/a", "p/b.tmp", "p/cache/x");
    }

    @Test
    void linksInTheTargetAreNotDeleted() throws Exception {
        blobs("p/a");
        write(temporary.resolve("elsewhere/kept"), "kept");
        Files.createDirectory(target);
        Files.createSymbolicLink(target.resolve("link"), temporary.resolve("elsewhere"));

        download(MIRROR);

        assertThat(targetFiles()).containsExactly("a");
        assertThat(target.resolve("link")).isSymbolicLink();
        assertThat(temporary.resolve("elsewhere/kept")).exists();
    }

    @Test
    void nothingIsDeletedIfTheSourceHasNoFiles() throws Exception {
        blobs("p/a", "p/b");
        write(target.resolve("c"), "c");

        for (Transfer<DirectoryResult> transfer : List.of(
                directories.upload(source, store, "p", MIRROR), directories.download(store, "typo", target, MIRROR))) {
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(transfer::join)
                    .withMessageContaining("the source has no files");
        }
        assertThat(keys()).containsExactly("p/a", "p/b");
        assertThat(targetFiles()).containsExactly("c");
    }

    @Test
    void nothingIsDeletedIfAFileFails() throws Exception {
        files("a", "b");
        blobs("p/old");
        BlobStore failing = failingFor("p/b");

        DirectoryResult result =
                directories.upload(source, failing, "p", MIRROR).join();

        assertThat(failed(result)).containsExactly("b");
        assertThat(result.deleted()).isZero();
        assertThat(keys()).containsExactly("p/a", "p/old");
    }

    @Test
    void nothingIsDeletedIfADirectoryCannotBeRead() throws Exception {
        files("a", "secret/b");
        Path secret = source.resolve("secret");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isReadable(secret), "root may read everything");
        blobs("p/secret/b", "p/old");
        try {
            DirectoryResult result = upload(MIRROR);

            assertThat(failed(result)).containsExactly("secret/");
            assertThat(keys()).containsExactly("p/a", "p/old", "p/secret/b");
        } finally {
            Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rwx------"));
        }
    }

    @Test
    void nothingIsDeletedIfAPathCannotBeAKey() throws Exception {
        files("a");
        blobs("p/old");
        Path deep = source;
        for (int i = 0; i < 5; i++) {
            deep = Files.createDirectory(deep.resolve("d".repeat(250)));
        }

        DirectoryResult result = upload(MIRROR);

        assertThat(result.failures())
                .singleElement()
                .satisfies(failure ->
                        assertThat(failure.failure().orElseThrow()).hasMessageContaining("at most 1024 bytes"));
        assertThat(keys()).containsExactly("p/a", "p/old");
    }

    /** A listing that fails in the middle, as the source and as the target. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingIsDeletedIfTheListingFails(boolean upload) throws Exception {
        files("z");
        blobs("p/a", "p/b", "p/c");
        write(target.resolve("b"), "b");
        write(target.resolve("old"), "old");
        BlobStore failing = new ForwardingBlobStore(store) {
            @Override
            public BlobListing list(ListOptions options) throws IOException {
                return new FailingListing(super.list(options), 2);
            }
        };

        Transfer<DirectoryResult> transfer = upload
                ? directories.upload(source, failing, "p", MIRROR)
                : directories.download(failing, "p", target, MIRROR);

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(transfer::join)
                .withMessageContaining("the listing broke");
        assertThat(keys()).contains("p/a", "p/b", "p/c");
        assertThat(targetFiles()).contains("b", "old");
    }

    /** Fails after some entries. */
    private static final class FailingListing implements BlobListing {
        private final BlobListing listing;
        private int left;

        FailingListing(BlobListing listing, int entries) {
            this.listing = listing;
            this.left = entries;
        }

        @Override
        public boolean hasNext() throws IOException {
            if (left-- == 0) {
                throw new BlobStoreException(Operation.LIST, null, "the listing broke", null, false);
            }
            return listing.hasNext();
        }

        @Override
        public Entry next() throws IOException {
            return listing.next();
        }

        @Override
        public long skipped() {
            return listing.skipped();
        }

        @Override
        public void close() throws IOException {
            listing.close();
        }
    }

    @Test
    void aDryRunChangesNothing() throws Exception {
        files("a", "same");
        blobs("p/same", "p/old", "p/../escape");
        store.store(BlobKey.of("p/same"), ByteBuffer.wrap("same".getBytes()));
        Set<String> before = keys();
        DirectoryOptions dry = MIRROR.toBuilder().dryRun(true).build();

        DirectoryResult up = upload(dry);
        DirectoryResult down = download(dry.toBuilder().delete(false).build());

        assertThat(up.transferred()).isEqualTo(1);
        assertThat(up.unchanged()).isEqualTo(1);
        assertThat(up.deleted()).isEqualTo(2);
        assertThat(down.transferred()).isEqualTo(3);
        assertThat(keys()).isEqualTo(before);
        assertThat(target).doesNotExist();

        Files.createDirectory(target);
        assertThat(failed(download(dry))).containsExactly("../escape");
    }

    // ---- failures

    private BlobStore failingFor(String key) {
        return new ForwardingBlobStore(store) {
            @Override
            public StoredBlob store(BlobKey stored, BlobSource content, StoreOptions options) throws IOException {
                fail(stored);
                return super.store(stored, content, options);
            }

            @Override
            public ReadResult read(BlobKey read, ByteRange range, BlobTarget.Window window, ReadOptions options)
                    throws IOException {
                fail(read);
                return super.read(read, range, window, options);
            }

            private void fail(BlobKey used) throws IOException {
                if (used.toString().equals(key)) {
                    throw new BlobStoreException(Operation.STORE, used, "injected", null, false);
                }
            }
        };
    }

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
                source, failing, "p", DirectoryOptions.builder().concurrency(2).build());

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(transfer::join)
                .withMessageContaining("injected");
        assertThat(keys()).hasSizeBetween(8, 12);
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
