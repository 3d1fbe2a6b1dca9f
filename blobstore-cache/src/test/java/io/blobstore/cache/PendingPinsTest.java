package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.cache.pieces.Blocking;
import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheDirectoryException;
import io.blobstore.cas.CacheFullException;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.ContentPins;
import io.blobstore.cas.Digest;
import io.blobstore.cas.StorageMode;
import io.blobstore.contract.InMemoryBlobStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Content that waits to be uploaded is kept, whoever has the cache open. */
class PendingPinsTest extends CachedStoreFixture {
    private static final byte[] CONTENT = bytes(2 * MIB + 3, 1);
    private static final byte[] SMALL = bytes(1000, 2);
    private static final BlobKey SECOND = BlobKey.of("second");

    @Override
    CacheOptions cacheOptions() {
        return cacheOptions(16 << 20, AccessMode.EXCLUSIVE);
    }

    private static CacheOptions cacheOptions(long maxBytes, AccessMode mode) {
        return CacheOptions.builder()
                .maxBytes(maxBytes)
                .storageMode(StorageMode.UNCOMPRESSED)
                .accessMode(mode)
                .build();
    }

    @Override
    CachedStoreOptions options() {
        return super.options().toBuilder()
                .writeBack(WriteBackOptions.builder()
                        .maxDelay(Duration.ofMillis(10))
                        .closeTimeout(Duration.ZERO)
                        .build())
                .build();
    }

    private Path cacheDirectory() {
        return directory.resolve("cache");
    }

    private static Digest digest(byte[] content) throws IOException {
        return Digest.of(BlobSource.of(ByteBuffer.wrap(content)));
    }

    private static void put(ContentCache cache, byte[] content) throws IOException {
        cache.put(digest(content), BlobSource.of(ByteBuffer.wrap(content)));
    }

    /** Acknowledges two blobs while the remote store is down, and closes the store. */
    private void leaveTwoBlobs() throws IOException {
        remote.setDown(true);
        store.store(KEY, ByteBuffer.wrap(CONTENT));
        store.store(SECOND, ByteBuffer.wrap(SMALL));
        store.close();
    }

    private void assertKept(ContentCache kept) throws IOException {
        for (int i = 0; i < 12; i++) {
            put(kept, bytes(2 * MIB, 50 + i));
        }
        Blocking.until(() -> !kept.stats().loading());
        kept.evictTo(0);
        assertThat(kept.remove(digest(CONTENT))).isFalse();
        assertThat(kept.contains(digest(CONTENT))).isTrue();
        assertThat(kept.contains(digest(SMALL))).isTrue();
        assertThat(kept.stats().pinnedBytes()).isEqualTo(kept.stats().storedBytes());
    }

    /** Opens the store: it uploads both blobs, and then nothing is kept any more. */
    private void assertUploaded() throws IOException {
        remote.setDown(false);
        store = CachedBlobStore.open(remote, cache, options());
        Blocking.until(() -> store.stats().pendingBlobs() == 0);
        read(memory, KEY, ByteRange.all(), CONTENT);
        read(memory, SECOND, ByteRange.all(), SMALL);
        assertThat(store.stats().lostBlobs()).isZero();
        assertThat(CachedBlobStore.pendingUploads(cache)).isEmpty();
        assertThat(cache.stats().pinnedBytes()).isZero();
        Blocking.until(() -> !cache.stats().loading());
        cache.evictTo(0);
        assertThat(cache.stats().storedBytes()).isZero();
    }

    private Path records() throws IOException {
        try (Stream<Path> stores = Files.list(cache.pins().directory())) {
            return stores.filter(Files::isDirectory).findFirst().orElseThrow();
        }
    }

    private Path record(byte[] content) throws IOException {
        Digest digest = digest(content);
        try (Stream<Path> files = Files.list(records())) {
            return files.filter(file ->
                            ContentPins.content(file).filter(digest::equals).isPresent())
                    .findFirst()
                    .orElseThrow();
        }
    }

    // ---- who has the cache open

    @ParameterizedTest
    @EnumSource(names = "READ_ONLY", mode = EnumSource.Mode.EXCLUDE)
    void whatWaitsIsKeptWhileTheCacheIsOpenWithoutItsStore(AccessMode mode) throws IOException {
        leaveTwoBlobs();
        cache.close();

        try (ContentCache alone = ContentCache.open(cacheDirectory(), cacheOptions(16 << 20, mode))) {
            assertKept(alone);
        }

        cache = ContentCache.open(cacheDirectory(), cacheOptions());
        assertUploaded();
    }

    @Test
    void whatWaitsIsKeptAfterItsStoreWasClosed() throws IOException {
        leaveTwoBlobs();

        assertKept(cache);
        assertUploaded();
    }

    @Test
    void closingTheStoreInTheMiddleOfAnUploadKeepsTheContentAndReleasesItsFile() throws IOException {
        CountDownLatch uploading = new CountDownLatch(2);
        remote.beforeStore(key -> {
            uploading.countDown();
            Blocking.await(new CountDownLatch(1)); // until the interrupt of closing
        });
        store.store(KEY, ByteBuffer.wrap(CONTENT));
        store.store(SECOND, ByteBuffer.wrap(SMALL));
        Blocking.await(uploading);

        store.close();

        remote.beforeStore(key -> {});
        assertKept(cache);
        assertUploaded();
    }

    @Test
    void whatWaitsIsKeptWhileAnotherStoreIsOpen() throws IOException {
        leaveTwoBlobs();
        cache.close();
        cache = ContentCache.open(cacheDirectory(), cacheOptions());
        CachedStoreOptions other = options().toBuilder().storeId("other").build();
        try (CachedBlobStore another = CachedBlobStore.open(new InMemoryBlobStore(), cache, other)) {
            another.store(KEY, ByteBuffer.wrap(CONTENT)); // the same content: pinned twice for a while
            Blocking.until(() -> another.stats().pendingBlobs() == 0);
            assertKept(cache);
        }
        assertUploaded();
    }

    @Test
    void theCacheIsListedWithoutAJournalAndKeepsWhatWaits() throws IOException {
        leaveTwoBlobs();
        put(cache, bytes(3 * MIB, 9));
        cache.close();
        try (Stream<Path> journal = Files.walk(cache.stateDirectory().resolve("journal"))) {
            for (Path file : journal.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        }

        cache = ContentCache.open(cacheDirectory(), cacheOptions());
        assertKept(cache);
        assertUploaded();
    }

    @Test
    void moreMayWaitThanTheCacheHolds() throws IOException {
        leaveTwoBlobs();
        cache.close();

        cache = CacheFiles.open(cacheDirectory(), cacheOptions(1 << 20, AccessMode.EXCLUSIVE));
        assertThatExceptionOfType(CacheFullException.class).isThrownBy(() -> put(cache, bytes(1000, 7)));
        assertThat(cache.contains(digest(CONTENT))).isTrue();
        put(cache, SMALL); // is there
        assertUploaded();
        put(cache, bytes(1000, 7));
    }

    @Test
    void theReadOnlyCacheTellsWhatWaitsForWhichStore() throws IOException {
        leaveTwoBlobs();

        try (ContentCache follower =
                ContentCache.open(cacheDirectory(), cacheOptions(16 << 20, AccessMode.READ_ONLY))) {
            assertThat(CachedBlobStore.pendingUploads(follower))
                    .containsExactly(new PendingUploads("remote", 2, CONTENT.length + SMALL.length, 0));
            Path file = record(CONTENT);
            assertThatIllegalStateException().isThrownBy(() -> follower.pins().add(file));
        }
        assertUploaded();
    }

    // ---- names

    @Test
    void aRecordWhoseNameDoesNotTellItsContentKeepsTheCacheFromOpening() throws IOException {
        leaveTwoBlobs();
        cache.close();
        Path record = record(CONTENT);
        for (String name : List.of("0000000000000001.pending", record.getFileName() + "-copy.pending")) {
            Path renamed = Files.move(record, record.resolveSibling(name));

            assertThatExceptionOfType(CacheDirectoryException.class)
                    .isThrownBy(() -> ContentCache.open(cacheDirectory(), cacheOptions()))
                    .withMessageContaining(renamed.toString())
                    .withMessageContaining("give the file its name back");
            ContentCache.open(cacheDirectory(), cacheOptions(16 << 20, AccessMode.READ_ONLY))
                    .close();
            Files.move(renamed, record);
        }

        cache = ContentCache.open(cacheDirectory(), cacheOptions());
        assertUploaded();
    }

    @Test
    void foreignFilesBesideTheRecordsAreIgnored() throws IOException {
        leaveTwoBlobs();
        cache.close();
        Files.writeString(cache.pins().directory().resolve("file.pending"), "not in a directory");
        Files.writeString(records().resolve("notes.txt"), "");
        Files.createDirectory(records().resolve("directory"));
        Path unfinished = Files.writeString(records().resolve("0000000000000009-0.pending.tmp"), "");

        cache = ContentCache.open(cacheDirectory(), cacheOptions());
        assertUploaded();
        assertThat(unfinished).doesNotExist();
        assertThat(records().resolve("notes.txt")).exists();
    }

    @Test
    void aRecordThatIsDamagedKeepsItsContentUntilItIsDeleted() throws IOException {
        leaveTwoBlobs();
        Path record = record(CONTENT);
        byte[] good = Files.readAllBytes(record);
        byte[] bad = good.clone();
        bad[good.length / 2] ^= 1;
        Files.write(record, bad);
        remote.setDown(false);
        store = CachedBlobStore.open(remote, cache, options());
        Blocking.until(() -> store.stats().pendingBlobs() == 0);
        assertThat(remote.stored()).containsExactly(SECOND);

        cache.evictTo(0);
        assertThat(cache.contains(digest(CONTENT))).isTrue();

        store.store(SECOND, ByteBuffer.wrap(CONTENT)); // with a name of its own: nothing is overwritten
        Blocking.until(() -> store.stats().pendingBlobs() == 0);
        assertThat(Files.readAllBytes(record)).isEqualTo(bad);
        store.close();
        Files.write(record, good);
        store = CachedBlobStore.open(remote, cache, options());
        Blocking.until(() -> store.stats().pendingBlobs() == 0);
        read(memory, KEY, ByteRange.all(), CONTENT);
    }

    @Test
    void aRecordThatCannotBeReadKeepsTheStoreFromOpeningAndNothingIsLeftOpen() throws IOException {
        leaveTwoBlobs();
        Path record = record(SMALL);
        byte[] bytes = Files.readAllBytes(record);
        Files.delete(record);
        Files.createDirectory(record);
        for (int i = 0; i < 3; i++) { // threads, leases and files are compared at the end
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> CachedBlobStore.open(remote, cache, options()));
        }
        assertKept(cache);

        Files.delete(record);
        Files.write(record, bytes);
        assertUploaded();
    }
}
