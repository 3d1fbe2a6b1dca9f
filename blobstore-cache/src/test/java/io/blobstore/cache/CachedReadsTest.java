package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.cas.Digest;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read from the cache, and what is not. */
class CachedReadsTest extends CachedStoreFixture {
    private static final byte[] CONTENT = bytes(3 * MIB + 17, 1);

    // ---- hits

    @ParameterizedTest
    @ValueSource(ints = {1, 1000, MIB, MIB + 1, 3 * MIB + 17})
    void theSecondReadNeedsTheMetadataOnly(int size) throws IOException {
        byte[] content = bytes(size, size);
        memory.store(KEY, ByteBuffer.wrap(content));

        read(ByteRange.all(), content);
        read(ByteRange.all(), content);
        read(ByteRange.of(size / 2, size - size / 2), content);

        assertThat(remote.reads()).containsExactly("0+" + size);
        assertThat(store.stats().hits()).isEqualTo(2);
        assertThat(store.stats().misses()).isEqualTo(1);
        assertThat(store.stats().fills()).isEqualTo(1);
    }

    @Test
    void aRangeOfABlobDownloadsAllOfIt() throws IOException {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));

        read(ByteRange.of(2 * MIB, 100), CONTENT);
        read(ByteRange.all(), CONTENT);

        assertThat(remote.bytes()).isEqualTo(CONTENT.length);
    }

    @Test
    void metadataOfAReadFromTheCacheIsThatOfTheStore() throws IOException {
        StoreOptions options = StoreOptions.builder()
                .contentType("image/png")
                .cacheControl("max-age=9")
                .userMetadata("a", "1")
                .build();
        memory.store(KEY, BlobSource.of(ByteBuffer.wrap(CONTENT)), options);
        BlobMetadata expected = memory.head(KEY);

        for (int i = 0; i < 2; i++) {
            assertThat(read(ByteRange.of(0, 10), CONTENT).blob()).isEqualTo(expected);
        }
    }

    @Test
    void aGivenVersionIsReadWithoutTheStore() throws IOException {
        BlobVersion version = memory.store(KEY, ByteBuffer.wrap(CONTENT)).version();
        read(ByteRange.all(), CONTENT);
        BlobMetadata expected = memory.head(KEY);
        int heads = remote.heads();
        remote.setDown(true);

        for (int i = 0; i < 2; i++) {
            assertThat(read(store, KEY, ByteRange.of(5, 100), CONTENT, ReadOptions.ifMatch(version))
                            .blob())
                    .isEqualTo(expected);
            reopen(options()); // the second time, from the record on the disk
        }

        assertThat(remote.heads()).isEqualTo(heads);
        assertThatExceptionOfType(BlobStoreException.class)
                .as("which version is the current one, only the store knows")
                .isThrownBy(() -> read(ByteRange.all(), CONTENT));
    }

    @Test
    void equalContentIsStoredOnce() throws IOException {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));
        memory.copy(KEY, BlobKey.of("copy"));

        read(ByteRange.all(), CONTENT);
        read(store, BlobKey.of("copy"), ByteRange.all(), CONTENT);

        assertThat(CacheFiles.contents(directory.resolve("cache"))).hasSize(1);
    }

    // ---- never stale

    @Test
    void aReplacedBlobIsReadAnew() throws IOException {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));
        read(ByteRange.all(), CONTENT);
        byte[] other = bytes(CONTENT.length, 2);
        memory.store(KEY, ByteBuffer.wrap(other));

        read(ByteRange.all(), other);
    }

    enum Change {
        STORE,
        COPY,
        DELETE,
        DELETE_ALL,
        UPLOAD
    }

    @ParameterizedTest
    @EnumSource
    void aVersionThatThisProcessHasReplacedIsRefused(Change change) throws IOException {
        BlobVersion version = store.store(KEY, ByteBuffer.wrap(CONTENT)).version();
        read(ByteRange.all(), CONTENT);

        apply(change);

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> read(store, KEY, ByteRange.all(), CONTENT, ReadOptions.ifMatch(version)))
                .isInstanceOfAny(PreconditionFailedException.class, BlobNotFoundException.class);
    }

    private void apply(Change change) throws IOException {
        BlobSource other = BlobSource.of(ByteBuffer.wrap(bytes(100, 3)));
        switch (change) {
            case STORE -> store.store(KEY, other, StoreOptions.DEFAULT);
            case COPY -> {
                memory.store(BlobKey.of("other"), other, StoreOptions.DEFAULT);
                store.copy(BlobKey.of("other"), KEY);
            }
            case DELETE -> store.delete(KEY);
            case DELETE_ALL -> store.deleteAll("k");
            case UPLOAD -> {
                try (MultipartUpload upload =
                        store.createMultipartUpload(KEY, new PartLayout(100, 1024), StoreOptions.DEFAULT)) {
                    upload.complete(upload.uploadPart(1, other).checksum());
                }
            }
        }
    }

    @Test
    void anotherStoreWithTheSameNamesIsNotMistaken() throws IOException {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));
        read(ByteRange.all(), CONTENT);
        byte[] other = bytes(CONTENT.length, 4);
        InMemoryBlobStore elsewhere = new InMemoryBlobStore();
        elsewhere.store(KEY, ByteBuffer.wrap(other));
        assertThat(elsewhere.head(KEY).version()).isEqualTo(memory.head(KEY).version());

        try (CachedBlobStore second = CachedBlobStore.open(elsewhere, cache, options())) {
            read(second, KEY, ByteRange.all(), other);
        }
    }

    // ---- failures of the cache

    @Test
    void evictedContentIsDownloadedAgainAndCompared() throws IOException {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));
        read(ByteRange.all(), CONTENT);
        assertThat(cache.remove(digest(CONTENT))).isTrue();

        read(ByteRange.all(), CONTENT);
        read(ByteRange.all(), CONTENT);

        assertThat(remote.bytes()).isEqualTo(2L * CONTENT.length);
        assertThat(cache.contains(digest(CONTENT))).isTrue();
    }

    private static Digest digest(byte[] content) throws IOException {
        return Digest.of(BlobSource.of(ByteBuffer.wrap(content)));
    }

    @Test
    void contentThatTheStoreNoLongerHasIsNotCachedAsThatOfTheVersion() throws IOException {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));
        BlobStore withoutChecksums = new ForwardingBlobStore(remote) {
            @Override
            public BlobMetadata head(BlobKey key) throws IOException {
                return without(super.head(key));
            }

            @Override
            public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                    throws IOException {
                ReadResult read = super.read(key, range, target, options);
                return ReadResult.of(without(read.blob()), read.length(), read.checksum());
            }

            private BlobMetadata without(BlobMetadata blob) {
                return blob.toBuilder().checksum(Optional.empty()).build();
            }
        };
        try (CachedBlobStore unverified = CachedBlobStore.open(withoutChecksums, cache, options())) {
            read(unverified, KEY, ByteRange.all(), CONTENT);
            cache.remove(digest(CONTENT));
            remote.onRead((request, offset, piece) -> piece.put(0, (byte) (piece.get(0) ^ 1)));

            ByteBuffer target = ByteBuffer.allocate(CONTENT.length);
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(() -> unverified.read(KEY, ByteRange.all(), target));
            assertThat(unverified.stats().failedFills()).isEqualTo(1);
        }
    }

    @Test
    void damageThatTheFormatDoesNotNoticeIsFoundByTheStoresChecksum() throws IOException {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));
        read(ByteRange.all(), CONTENT);
        CacheFiles.damage(directory.resolve("cache"), 0.5); // while it is open, after it was verified

        assertThatExceptionOfType(IntegrityException.class).isThrownBy(() -> read(ByteRange.all(), CONTENT));

        assertThat(store.stats().damaged()).isEqualTo(1);
        read(ByteRange.all(), CONTENT);
        read(ByteRange.all(), CONTENT);
        assertThat(remote.bytes()).isEqualTo(2L * CONTENT.length);
    }
}
