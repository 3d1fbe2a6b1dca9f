package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.Sha256;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.cas.Keyspace;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A remote cache without a server. */
@ExtendWith(LeakCheck.class)
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class RemoteCacheTest {
    private static final int MIB = 1 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private final ScriptedRemote remote = new ScriptedRemote(new InMemoryBlobStore());
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private ContentCache cache;
    private RemoteCache tier;

    /** The entries of a store, as they are. */
    private static final class PlainEntries extends EntryBlobStore {
        private final ScriptedRemote store;

        PlainEntries(ScriptedRemote store) {
            this.store = store;
        }

        @Override
        public BlobMetadata head(BlobKey key) throws IOException {
            return store.head(key).toBuilder()
                    .checksum(java.util.Optional.empty())
                    .build();
        }

        @Override
        public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                throws IOException {
            return store.read(key, range, target, options);
        }

        @Override
        public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
            return store.store(key, content, options);
        }

        @Override
        public void close() {}

        @Override
        public String toString() {
            return "plain";
        }
    }

    private static CachedStoreOptions.Builder options() {
        return CachedStoreOptions.builder().retry(CachedStoreFixture.AT_ONCE).stallTimeout(PATIENCE);
    }

    private static WriteBackOptions writeBack() {
        return WriteBackOptions.builder().maxDelay(Duration.ofMillis(100)).build();
    }

    @BeforeEach
    void open() throws IOException {
        cache = CacheFiles.open(directory.resolve("cache"), CacheOptions.ofMaxBytes(256 << 20));
        tier = RemoteCache.open(
                new PlainEntries(remote),
                cache,
                options().writeBack(writeBack()).build());
    }

    @AfterEach
    void close() throws IOException {
        tier.close(Duration.ZERO);
        cache.close();
        threads.shutdownNow();
    }

    private static byte[] bytes(int size, long seed) {
        return CachedStoreFixture.bytes(size, seed);
    }

    private static Digest digest(byte[] content) {
        return new Digest(Sha256.of(ByteBuffer.wrap(content)), content.length);
    }

    private static BlobKey key(byte[] content) {
        return EntryBlobStore.key(Keyspace.CAS, digest(content).sha256());
    }

    private void putRemotely(byte[] content) throws IOException {
        remote.store(key(content), ByteBuffer.wrap(content));
    }

    private BlobMetadata find(byte[] content) throws IOException {
        return tier.find(digest(content).sha256()).orElseThrow();
    }

    private byte[] cached(byte[] content) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(content.length);
        assertThat(cache.get(digest(content), ByteRange.all(), target)).isPresent();
        return target.array();
    }

    @Test
    void smallContentIsThereWhenItWasFoundAndLargeContentWhenItWasFetched() throws IOException {
        byte[] small = bytes(1000, 1);
        byte[] large = bytes(3 * MIB, 2);
        putRemotely(small);
        putRemotely(large);

        assertThat(tier.findAndFetchSmall(digest(small).sha256())).isPresent();
        assertThat(cached(small)).isEqualTo(small);
        BlobMetadata found = tier.findAndFetchSmall(digest(large).sha256()).orElseThrow();
        assertThat(cache.contains(digest(large))).isFalse();
        assertThat(tier.fetch(found, () -> {})).isTrue();
        assertThat(cached(large)).isEqualTo(large);
        assertThat(tier.findAndFetchSmall(digest(bytes(5, 5)).sha256())).isEmpty();
        assertThat(tier.stats().fetched()).isEqualTo(2);
        assertThat(tier.stats().fetchedBytes()).isEqualTo(small.length + large.length);
    }

    @Test
    void nothingIsAskedForThatIsThereMeanwhile() throws IOException {
        byte[] content = bytes(3 * MIB, 2);
        cache.put(digest(content), BlobSource.of(ByteBuffer.wrap(content))); // the store does not have it

        BlobMetadata found = tier.findAndFetchSmall(digest(content).sha256()).orElseThrow();
        assertThat(found.size()).isEqualTo(content.length);
        assertThat(tier.fetch(found, () -> {})).isTrue();
        assertThat(tier.stats().fetched()).isZero();
    }

    @Test
    void contentIsReadWhileItArrivesButItsEndOnlyWhenAllOfItWasVerified() throws Exception {
        byte[] content = bytes(6 * MIB, 3);
        putRemotely(content);
        CountDownLatch go = new CountDownLatch(1);
        remote.onRead((request, offset, piece) -> {
            if (offset >= 4 * MIB) {
                await(go);
            }
        });
        BlobMetadata blob = find(content);
        CountDownLatch begun = new CountDownLatch(1);
        Future<Boolean> fetched = threads.submit(() -> tier.fetch(blob, begun::countDown));
        await(begun);

        try (ArrivingContent arriving = tier.arriving(blob).orElseThrow()) {
            arriving.ready(2 * MIB).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            ByteBuffer target = ByteBuffer.allocate(content.length);
            while (target.position() < 2 * MIB) {
                arriving.read(target.position(), target);
            }
            assertThat(target.duplicate().flip().mismatch(ByteBuffer.wrap(content, 0, target.position())))
                    .isEqualTo(-1);
            assertThat(arriving.readable()).isLessThanOrEqualTo(4 * MIB);
            assertThat(arriving.ready(5 * MIB)).isNotDone();

            go.countDown();
            assertThat(fetched.get()).isTrue();
            arriving.ready(content.length - 1).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            while (target.hasRemaining()) {
                arriving.read(target.position(), target);
            }
            assertThat(target.array()).isEqualTo(content);
        }
        assertThat(tier.arriving(blob)).isEmpty();
    }

    @Test
    void whoReadsWhatArrivesNeverGetsTheEndOfWrongContent() throws Exception {
        byte[] content = bytes(6 * MIB, 4);
        byte[] wrong = content.clone();
        wrong[wrong.length - 1] ^= 1;
        remote.store(key(content), ByteBuffer.wrap(wrong));
        CountDownLatch go = new CountDownLatch(1);
        remote.onRead((request, offset, piece) -> {
            if (offset >= 4 * MIB) {
                await(go);
            }
        });
        BlobMetadata blob = find(content);
        CountDownLatch begun = new CountDownLatch(1);
        Future<Boolean> fetched = threads.submit(() -> tier.fetch(blob, begun::countDown));
        await(begun);
        try (ArrivingContent arriving = tier.arriving(blob).orElseThrow()) {
            go.countDown();
            assertThat(fetched.get()).isFalse();
            arriving.ready(content.length - 1).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThatExceptionOfType(BlobStoreException.class).isThrownBy(arriving::readable);
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(() -> arriving.read(0, ByteBuffer.allocate(1)));
        }
        assertThat(cache.contains(digest(content))).isFalse();
        assertThat(tier.find(digest(content).sha256()))
                .as("is not there any more")
                .isEmpty();
        assertThat(tier.stats().wrong()).isEqualTo(1);
    }

    @Test
    void endingTheFetchesTellsThoseWhoWaitAndLeavesNothing() throws Exception {
        byte[] content = bytes(6 * MIB, 5);
        putRemotely(content);
        CountDownLatch never = new CountDownLatch(1);
        remote.onRead((request, offset, piece) -> {
            if (offset >= 4 * MIB) {
                await(never);
            }
        });
        BlobMetadata blob = find(content);
        CountDownLatch begun = new CountDownLatch(1);
        Future<Boolean> fetched = threads.submit(() -> tier.fetch(blob, begun::countDown));
        await(begun);
        try (ArrivingContent arriving = tier.arriving(blob).orElseThrow()) {
            var end = arriving.ready(content.length - 1);
            assertThat(end).isNotDone();
            tier.endFetches();
            end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThatExceptionOfType(BlobStoreException.class).isThrownBy(arriving::readable);
        }
        assertThat(fetched.get()).isFalse();
        assertThat(tier.fetch(blob, () -> {})).as("no more are begun").isFalse();
        tier.close(Duration.ZERO);
        assertThat(cache.stats().reservedBytes()).isZero();
    }

    @Test
    void whatIsAcceptedIsUploadedOnceTheRemoteCacheIsBackAlsoByTheNextProcess() throws Exception {
        byte[] content = bytes(2 * MIB, 6);
        byte[] record = bytes(100, 7);
        Sha256 hash = digest(bytes(1, 1)).sha256();
        cache.put(digest(content), BlobSource.of(ByteBuffer.wrap(content)));
        remote.setDown(true);
        assertThat(tier.accept(digest(content))).isTrue();
        assertThat(tier.acceptRecord(Keyspace.AC, hash, ByteBuffer.wrap(record)))
                .isTrue();
        assertThat(tier.stats().pendingEntries()).isEqualTo(2);
        tier.close(Duration.ZERO);
        assertThat(remote.stored()).isEmpty();

        remote.setDown(false);
        tier = RemoteCache.open(
                new PlainEntries(remote),
                cache,
                options().writeBack(writeBack()).build());
        tier.close(PATIENCE);
        assertThat(remote.stored()).containsExactlyInAnyOrder(key(content), EntryBlobStore.key(Keyspace.AC, hash));
    }

    @Test
    void anUploadThatDoesNotEndInTimeIsCutOffAndStaysRecorded() throws Exception {
        byte[] content = bytes(1000, 8);
        cache.put(digest(content), BlobSource.of(ByteBuffer.wrap(content)));
        CountDownLatch uploading = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        remote.beforeStore(key -> {
            uploading.countDown();
            await(never);
        });
        assertThat(tier.accept(digest(content))).isTrue();
        await(uploading);
        tier.close(Duration.ofMillis(1)); // returns, though the upload would not end
        assertThat(remote.stored()).isEmpty();

        remote.beforeStore(key -> {});
        tier = RemoteCache.open(
                new PlainEntries(remote),
                cache,
                options().writeBack(writeBack()).build());
        tier.close(PATIENCE);
        assertThat(remote.stored()).containsExactly(key(content));
    }

    @Test
    void writeBackNeedsAnExclusiveCache() throws IOException {
        CacheOptions shared = CacheOptions.builder()
                .maxBytes(1 << 20)
                .accessMode(AccessMode.SHARED)
                .build();
        try (ContentCache other = CacheFiles.open(directory.resolve("shared"), shared)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> RemoteCache.open(
                            new PlainEntries(remote),
                            other,
                            options().writeBack(writeBack()).build()))
                    .withMessageContaining("EXCLUSIVE");
        }
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            assertThat(latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException();
        }
    }
}
