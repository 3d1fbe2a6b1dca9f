package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.ListOptions;
import io.blobstore.cache.pieces.Blocking;
import io.blobstore.cas.CacheListener;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.Keyspace;
import io.blobstore.cas.StorageMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Content that waits to be uploaded, and is damaged or deleted by something else than the cache. */
class LostContentTest extends CachedStoreFixture {
    private static final byte[] CONTENT = bytes(2 * MIB + 3, 1);
    private static final byte[] OTHER = bytes(MIB, 2);
    private static final BlobKey SECOND = BlobKey.of("second");

    private final List<Keyspace> corrupt = new CopyOnWriteArrayList<>();
    private volatile Thread lister;
    private StorageMode mode = StorageMode.UNCOMPRESSED;

    @Override
    CacheOptions cacheOptions() {
        return CacheOptions.builder()
                .maxBytes(64 << 20)
                .storageMode(mode)
                .listener(new CacheListener() {
                    @Override
                    public void corrupt(Keyspace keyspace, String cause) {
                        corrupt.add(keyspace);
                    }
                })
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

    private long records(String suffix) {
        try (Stream<Path> files = Files.walk(cache.pins().directory())) {
            return files.filter(file -> file.toString().endsWith(suffix)).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for an attempt: the next one asks the remote store first, and does not read the content before that. */
    private void awaitFailedAttempt() {
        Blocking.until(() -> store.stats().uploadRetries() > 0);
    }

    private void awaitLost() {
        Blocking.until(() -> store.stats().lostBlobs() == 1);
        assertThat(records(".lost")).isEqualTo(1);
    }

    /** Closes the store, which reports what was lost, once, and opens it again, which does not repeat it. */
    private void assertReported() throws IOException {
        Blocking.until(() -> store.stats().pendingBlobs() == 0);
        assertThat(records(".pending")).isZero();
        assertThat(cache.stats().pinnedBytes()).isZero();
        assertThat(CachedBlobStore.pendingUploads(cache)).containsExactly(new PendingUploads("remote", 0, 0, 1));
        assertThatExceptionOfType(LostBlobsException.class)
                .isThrownBy(() -> store.close())
                .withMessageContaining(KEY.toString())
                .satisfies(e -> assertThat(e.keys()).containsExactly(KEY));
        store.close();
        store = CachedBlobStore.open(remote, cache, options());
        assertThat(store.stats().lostBlobs()).isZero();
        assertThat(store.stats().pendingBlobs()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"UNCOMPRESSED, 2097155", "UNCOMPRESSED, 1000", "HYBRID, 2097155", "ZSTD, 1000"})
    void contentThatIsDamagedIsNeverUploadedAndReported(StorageMode storage, int size) throws IOException {
        store.close();
        cache.close();
        mode = storage;
        cache = CacheFiles.open(cacheDirectory(), cacheOptions());
        store = CachedBlobStore.open(remote, cache, options());
        remote.setDown(true);
        store.store(KEY, ByteBuffer.wrap(bytes(size, 1)));
        awaitFailedAttempt(); // its content has been read and verified

        CacheFiles.damage(cacheDirectory(), 0.5);
        remote.setDown(false);
        awaitLost();

        assertThat(remote.stored()).isEmpty();
        assertThat(corrupt).containsExactly(Keyspace.CAS);
        assertReported();
        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> store.head(KEY));
        store.store(KEY, ByteBuffer.wrap(bytes(size, 1))); // the same content again
        Blocking.until(() -> store.stats().pendingBlobs() == 0);
        read(memory, KEY, ByteRange.all(), bytes(size, 1));
    }

    @Test
    void damageThatIsFoundAfterARestartIsReported() throws IOException {
        remote.setDown(true);
        store.store(KEY, ByteBuffer.wrap(CONTENT));
        store.close();
        cache.close();
        CacheFiles.damage(cacheDirectory(), 0.5);
        cache = CacheFiles.open(cacheDirectory(), cacheOptions());
        store = CachedBlobStore.open(remote, cache, options());

        Blocking.until(() -> store.stats().uploadRetries() > 2);
        assertThat(store.stats().lostBlobs()).as("it may have been uploaded").isZero();
        remote.setDown(false);
        awaitLost();

        assertReported();
    }

    @Test
    void aBlobThatWasUploadedBeforeItsContentWasLostIsNotLost() throws IOException {
        remote.setDown(true);
        store.store(KEY, ByteBuffer.wrap(CONTENT));
        store.close();
        cache.close();
        CacheFiles.damage(cacheDirectory(), 0.5);
        memory.store(KEY, ByteBuffer.wrap(CONTENT)); // as if the process had been killed before it knew
        remote.setDown(false);

        cache = CacheFiles.open(cacheDirectory(), cacheOptions());
        store = CachedBlobStore.open(remote, cache, options());
        Blocking.until(() -> store.stats().pendingBlobs() == 0);

        assertThat(store.stats().lostBlobs()).isZero();
        assertThat(records(".lost")).isZero();
        assertThat(remote.stored()).isEmpty();
    }

    @Test
    void contentThatIsStoredAgainReplacesTheDamaged() throws IOException {
        remote.setDown(true);
        store.store(KEY, ByteBuffer.wrap(OTHER));
        awaitFailedAttempt();
        CacheFiles.damage(cacheDirectory(), 0.5);
        assertThatExceptionOfType(IntegrityException.class).isThrownBy(() -> read(ByteRange.all(), OTHER));

        store.store(SECOND, ByteBuffer.wrap(OTHER));
        cache.evictTo(0);
        remote.setDown(false);
        Blocking.until(() -> store.stats().pendingBlobs() == 0);

        assertThat(store.stats().lostBlobs()).isZero();
        read(memory, KEY, ByteRange.all(), OTHER);
        read(memory, SECOND, ByteRange.all(), OTHER);
    }

    @Test
    void aBlobThatWasReplacedIsNotLost() throws IOException {
        remote.setDown(true);
        store.store(KEY, ByteBuffer.wrap(CONTENT));
        awaitFailedAttempt();
        CacheFiles.damage(cacheDirectory(), 0.5);
        store.store(KEY, ByteBuffer.wrap(OTHER));
        remote.setDown(false);
        Blocking.until(() -> store.stats().pendingBlobs() == 0);

        assertThat(store.stats().lostBlobs()).isZero();
        read(memory, KEY, ByteRange.all(), OTHER);
        assertThat(records(".pending") + records(".lost")).isZero();
    }

    @Test
    void aListingFailsIfItWaitsForWhatIsLost() throws Exception {
        reopen(options().toBuilder()
                .writeBack(WriteBackOptions.builder()
                        .threads(1)
                        .closeTimeout(Duration.ZERO)
                        .build())
                .build());
        CountDownLatch began = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        remote.beforeStore(key -> {
            began.countDown();
            Blocking.await(go);
        });
        store.store(SECOND, ByteBuffer.allocate(0)); // occupies the only thread, and has no file
        Blocking.await(began);
        store.store(KEY, ByteBuffer.wrap(CONTENT));
        CacheFiles.damage(cacheDirectory(), 0.5);
        Future<?> listing = threads.submit(() -> {
            lister = Thread.currentThread();
            store.list(ListOptions.DEFAULT).close();
            return lister;
        });
        Blocking.until(() -> lister != null);
        Blocking.untilParked(lister);

        go.countDown();

        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> listing.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .withCauseInstanceOf(IntegrityException.class)
                .withMessageContaining("lost before it was uploaded");
        awaitLost();
        store.list(ListOptions.DEFAULT).close();
        assertReported();
    }
}
