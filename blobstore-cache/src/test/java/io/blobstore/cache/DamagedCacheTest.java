package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.Digest;
import io.blobstore.cas.StorageMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A cache whose files are damaged, or which has no room, makes no read fail. */
class DamagedCacheTest extends CachedStoreFixture {
    /** Compressible to a half, so that the frames have data in which a bit can be flipped. */
    private static final byte[] CONTENT = halfRandom(5 * MIB + 17);

    private static byte[] halfRandom(int size) {
        byte[] bytes = bytes(size, 1);
        for (int i = 0; i < size; i++) {
            bytes[i] &= 0x0F;
        }
        return bytes;
    }

    @Override
    CacheOptions cacheOptions() {
        return CacheOptions.builder()
                .maxBytes(8 << 20)
                .storageMode(StorageMode.ZSTD)
                .build();
    }

    private void reopenCache() throws IOException {
        store.close();
        cache.close();
        cache = CacheFiles.open(directory.resolve("cache"), cacheOptions());
        reopen(options());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1, 0.5, 0.9})
    void aReadOfDamagedContentContinuesAtTheByteItReached(double where) throws IOException {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));
        read(ByteRange.all(), CONTENT);
        store.close();
        cache.close();
        CacheFiles.damage(directory.resolve("cache"), where);
        cache = CacheFiles.open(directory.resolve("cache"), cacheOptions());
        reopen(options());

        read(ByteRange.all(), CONTENT);

        assertThat(store.stats().fills()).as("it is downloaded once more").isEqualTo(1);
        assertThat(store.stats().damaged()).isEqualTo(where < 0.2 ? 0 : 1);
        assertThat(remote.bytes()).isEqualTo(2L * CONTENT.length);
        read(ByteRange.all(), CONTENT);
        assertThat(remote.bytes()).as("the third read is a hit").isEqualTo(2L * CONTENT.length);
    }

    @Test
    void aRangeThatIsNotDamagedIsReadFromTheCache() throws IOException {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));
        read(ByteRange.all(), CONTENT);
        store.close();
        cache.close();
        CacheFiles.damage(directory.resolve("cache"), 0.9);
        cache = CacheFiles.open(directory.resolve("cache"), cacheOptions());
        reopen(options());

        read(ByteRange.of(MIB, MIB), CONTENT);

        assertThat(remote.reads()).hasSize(1);
    }

    @Test
    void aDamagedRecordIsAMiss() throws IOException {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));
        read(ByteRange.all(), CONTENT);
        store.close();
        cache.close();
        for (Path file : records()) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.allocate(8), channel.size() / 2);
            }
        }
        cache = CacheFiles.open(directory.resolve("cache"), cacheOptions());
        reopen(options());

        read(ByteRange.all(), CONTENT);
        read(ByteRange.all(), CONTENT);

        assertThat(remote.bytes()).isEqualTo(2L * CONTENT.length);
    }

    private List<Path> records() throws IOException {
        try (Stream<Path> files = Files.walk(directory.resolve("cache").resolve("raw.v2"))) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void whatIsLargerThanTheCacheIsReadFromTheStore() throws IOException {
        byte[] large = bytes(9 << 20, 2);
        memory.store(KEY, ByteBuffer.wrap(large));

        read(ByteRange.all(), large);
        read(ByteRange.of(5, 100), large);

        assertThat(remote.reads()).containsExactly("0+" + large.length, "5+100");
        assertThat(cache.stats().reservedBytes()).isZero();
    }

    @Test
    void ifEverythingElseIsInUseBlobsAreReadFromTheStore() throws IOException {
        byte[] leased = bytes(5 << 20, 3);
        Digest digest = Digest.of(BlobSource.of(ByteBuffer.wrap(leased)));
        cache.put(digest, BlobSource.of(ByteBuffer.wrap(leased)));
        byte[] other = bytes(5 << 20, 4);
        memory.store(KEY, ByteBuffer.wrap(other));

        try (var lease = cache.open(digest).orElseThrow()) {
            read(ByteRange.all(), other);
            assertThat(lease.digest()).isEqualTo(digest);
        }

        assertThat(store.stats().fallbacks()).isEqualTo(1);
        assertThat(cache.stats().reservedBytes()).isZero();
    }

    @Test
    void aCacheThatIsSmallerThanTheBlobsInUseStaysWithinItsBounds() throws IOException {
        reopenCache();
        for (int i = 0; i < 12; i++) {
            byte[] content = bytes(2 * MIB, 100 + i % 6);
            memory.store(KEY, ByteBuffer.wrap(content));
            read(ByteRange.all(), content);
            assertThat(cache.stats().storedBytes()
                            + cache.stats().reservedBytes()
                            + cache.stats().doomedBytes())
                    .isLessThanOrEqualTo(8 << 20);
        }
    }
}
