package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.StorageMode;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.transfer.RetryPolicy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A cached store over a scripted one, and what tests of it do again and again. */
@ExtendWith(LeakCheck.class)
abstract class CachedStoreFixture {
    static final BlobKey KEY = BlobKey.of("key");
    static final int MIB = 1 << 20;
    static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Repeats what failed at once. */
    static final RetryPolicy AT_ONCE = RetryPolicy.builder()
            .maxAttempts(3)
            .baseDelay(Duration.ZERO)
            .maxDelay(Duration.ZERO)
            .build();

    @TempDir
    Path directory;

    final InMemoryBlobStore memory = new InMemoryBlobStore();
    final ScriptedRemote remote = new ScriptedRemote(memory);
    final ExecutorService threads = Executors.newCachedThreadPool();
    ContentCache cache;
    CachedBlobStore store;

    @BeforeEach
    void openStore() throws IOException {
        cache = CacheFiles.open(directory.resolve("cache"), cacheOptions());
        store = CachedBlobStore.open(remote, cache, options());
    }

    @AfterEach
    void closeStore() throws IOException {
        store.close();
        cache.close();
        threads.shutdownNow();
    }

    CacheOptions cacheOptions() {
        return CacheOptions.builder()
                .maxBytes(256 << 20)
                .storageMode(StorageMode.UNCOMPRESSED)
                .build();
    }

    CachedStoreOptions options() {
        return CachedStoreOptions.builder()
                .storeId("remote")
                .retry(AT_ONCE)
                .stallTimeout(PATIENCE)
                .build();
    }

    /** Opens the store again, with other options. */
    void reopen(CachedStoreOptions options) throws IOException {
        store.close();
        store = CachedBlobStore.open(remote, cache, options);
    }

    static byte[] bytes(int size, long seed) {
        byte[] bytes = new byte[size];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    static ReadResult read(BlobStore store, BlobKey key, ByteRange range, byte[] expected) throws IOException {
        return read(store, key, range, expected, ReadOptions.DEFAULT);
    }

    /** Reads a range, and compares it with the content of the whole blob. */
    static ReadResult read(BlobStore store, BlobKey key, ByteRange range, byte[] whole, ReadOptions options)
            throws IOException {
        int end = (int) Math.min(
                whole.length, range.length() == Long.MAX_VALUE ? whole.length : range.offset() + range.length());
        ByteBuffer target = ByteBuffer.allocateDirect(end - (int) range.offset());
        ReadResult read = store.read(key, range, target, options);
        target.flip();
        ByteBuffer expected = ByteBuffer.wrap(Arrays.copyOfRange(whole, (int) range.offset(), end));
        assertThat(target.mismatch(expected)).as("first wrong byte").isEqualTo(-1);
        assertThat(read.length()).isEqualTo(expected.remaining());
        assertThat(read.checksum()).isEqualTo(Crc32c.of(expected));
        return read;
    }

    ReadResult read(ByteRange range, byte[] whole) throws IOException {
        return read(store, KEY, range, whole);
    }
}
