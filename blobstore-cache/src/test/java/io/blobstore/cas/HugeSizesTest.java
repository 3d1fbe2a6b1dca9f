package io.blobstore.cas;

import static io.blobstore.cas.CacheFixture.KIB;
import static io.blobstore.cas.CacheFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.RetainedSource;
import io.blobstore.Sha256;
import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.LeakCheck;
import io.blobstore.zstd.internal.CasblobHeader;
import io.blobstore.zstd.internal.FrameEncoder;
import io.blobstore.zstd.internal.FrameTable;
import io.blobstore.zstd.internal.FrameTable.Encoding;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes and offsets up to 2^63 - 1 are refused, or right: nothing overflows (fault F19). */
@ExtendWith(LeakCheck.class)
class HugeSizesTest {
    private static final long TIB = 1L << 40;
    private static final Content SMALL = CacheFixture.text(1, 10 * KIB);
    private static final Content LARGE = CacheFixture.text(2, 2 * MIB + 5);
    private static final Sha256 HASH = CacheFixture.text(3, 10).digest().sha256();

    @TempDir
    Path temporary;

    private ContentCache open(StorageMode mode, long maxBytes) throws IOException {
        return CacheFixture.open(
                temporary.resolve("cache"),
                CacheOptions.builder().maxBytes(maxBytes).storageMode(mode).build());
    }

    /** A source that says that it has a size; to be refused before it is read. */
    private record Claimed(long size) implements BlobSource {
        @Override
        public BlobSource slice(long offset, long length) {
            throw new AssertionError("read");
        }

        @Override
        public RetainedSource retain() {
            return RetainedSource.of(this, () -> {});
        }

        @Override
        public void forEachBuffer(int maxBufferSize, BlobSource.BufferVisitor visitor) {
            throw new AssertionError("read");
        }

        @Override
        public void checkUnchanged() {}
    }

    private static void requireRefused(ContentCache cache, long size) throws IOException {
        CacheStats before = cache.stats();
        Digest digest = new Digest(HASH, size);
        for (Digest each : List.of(digest, new Digest(SMALL.digest().sha256(), size))) {
            assertThat(cache.contains(each)).isFalse();
            assertThat(cache.missing(List.of(each))).isEqualTo(Set.of(each));
            assertThat(cache.open(each)).isEmpty();
            assertThat(cache.remove(each)).isFalse();
            ByteBuffer target = ByteBuffer.allocate(100);
            assertThat(cache.get(each, ByteRange.atMost(size - 1, 1), target)).isEmpty();
            assertThat(cache.get(each, ByteRange.atMost(0, size), target)).isEmpty();
            assertThat(cache.get(each, ByteRange.of(size - 100, 100), target)).isEmpty();
            assertThat(target.position()).isZero();
            assertThatThrownBy(() -> cache.get(each, ByteRange.all(), target))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("room");
            assertThatThrownBy(() -> cache.put(each, new Claimed(size)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("larger than the cache");
            assertThatThrownBy(() -> cache.put(each, SMALL.source())).isInstanceOf(DigestMismatchException.class);
            assertThatThrownBy(() -> cache.write(each))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("larger than the cache");
        }
        assertThatThrownBy(() -> cache.write(size))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("larger than the cache");
        assertThatThrownBy(() -> cache.putRecord(Keyspace.RAW, HASH, new Claimed(size)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a record has");
        CacheStats after = cache.stats();
        assertThat(after.storedBytes()).isEqualTo(before.storedBytes());
        assertThat(after.entries()).isEqualTo(before.entries());
        assertThat(after.reservedBytes() + after.doomedBytes() + after.evictions() + after.corrupt())
                .isZero();
        CacheFixture.requireNoTemporaries(cache);
    }

    @ParameterizedTest
    @EnumSource
    void contentOfHugeSizeIsRefusedAndEvictsNothing(StorageMode mode) throws IOException {
        try (ContentCache cache = open(mode, 8 * MIB)) {
            cache.put(SMALL.digest(), SMALL.source());
            cache.put(LARGE.digest(), LARGE.source());
            for (long size : new long[] {
                Long.MAX_VALUE, Long.MAX_VALUE - 1, Long.MAX_VALUE - 4095, Long.MAX_VALUE - 4096, 8 * TIB
            }) {
                requireRefused(cache, size);
            }
            CacheFixture.requireHit(cache, SMALL);
            CacheFixture.requireHit(cache, LARGE);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCacheOfHugeSizeWorks(StorageMode mode) throws IOException {
        for (long max : new long[] {Long.MAX_VALUE, Long.MAX_VALUE - 4095, 8 * TIB}) {
            try (ContentCache cache = open(mode, max)) {
                cache.put(SMALL.digest(), SMALL.source());
                cache.put(LARGE.digest(), LARGE.source());
                requireRefused(cache, Long.MAX_VALUE);
                requireRefused(cache, Long.MAX_VALUE - 4095);
                assertThat(cache.stats().maxBytes()).isEqualTo(max);
                assertThat(cache.evictTo(Long.MAX_VALUE)).isZero();
                CacheFixture.requireHit(cache, SMALL);
                CacheFixture.requireHit(cache, LARGE);
            }
        }
    }

    /** What is announced takes no room; 8 TiB of content take a gap for their header in the file, which is sparse. */
    @ParameterizedTest
    @EnumSource
    void contentThatFitsIsBegunHoweverLargeItIs(StorageMode mode) throws IOException {
        try (ContentCache cache = open(mode, Long.MAX_VALUE)) {
            for (long size : new long[] {8 * TIB - 1, 8 * TIB, 511 * TIB}) {
                try (ContentWriter writer = cache.write(new Digest(HASH, size))) {
                    writer.write(LARGE.bytes().duplicate());
                    assertThat(cache.stats().reservedBytes()).isBetween((long) 0, 100L * MIB);
                    assertThat(writer.readable()).isLessThanOrEqualTo(LARGE.size());
                    assertThatThrownBy(writer::commit).isInstanceOf(DigestMismatchException.class);
                }
                assertThat(cache.stats().reservedBytes()).isZero();
            }
            if (mode != StorageMode.UNCOMPRESSED) {
                assertThatThrownBy(() -> cache.write(new Digest(HASH, 1024 * TIB)))
                        .isInstanceOf(IllegalArgumentException.class);
            }
            CacheFixture.requireNoTemporaries(cache);
            assertThat(cache.stats().entries() + cache.stats().reservedBytes()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void rangesNearTheLargestOffsetAreOutsideTheContent(StorageMode mode) throws IOException {
        try (ContentCache cache = open(mode, 64L << 20)) {
            cache.put(LARGE.digest(), LARGE.source());
            ByteBuffer target = ByteBuffer.allocate(100);
            try (CachedContent open = cache.open(LARGE.digest()).orElseThrow()) {
                for (ByteRange range : List.of(
                        ByteRange.from(Long.MAX_VALUE),
                        ByteRange.atMost(Long.MAX_VALUE, 0),
                        ByteRange.atMost(Long.MAX_VALUE - 4095, 4095),
                        ByteRange.of(1, Long.MAX_VALUE - 1),
                        ByteRange.of(LARGE.size(), Long.MAX_VALUE - LARGE.size()))) {
                    assertThatThrownBy(() -> cache.get(LARGE.digest(), range, target))
                            .isInstanceOf(IndexOutOfBoundsException.class);
                    assertThatThrownBy(() -> open.read(range, target)).isInstanceOf(IndexOutOfBoundsException.class);
                }
                ByteRange end = ByteRange.atMost(LARGE.size() - 10, Long.MAX_VALUE - LARGE.size());
                assertThat(cache.get(LARGE.digest(), end, target)).hasValue(10);
                assertThat(open.read(end, target)).isEqualTo(10);
                assertThat(target.position()).isEqualTo(20);
            }
            assertThatThrownBy(() -> ByteRange.of(Long.MAX_VALUE, 1)).hasMessageContaining("overflows");
            assertThat(cache.stats().corrupt()).isZero();
            CacheFixture.requireHit(cache, LARGE);
        }
    }

    // ---- files

    private Path file(Sha256 hash, String rest) throws IOException {
        Path shard = temporary.resolve("cache/cas.v2").resolve(hash.hex().substring(0, 2));
        return Files.createDirectories(shard).resolve(hash.hex() + "-" + rest);
    }

    /** Names that announce as much as there is, or more: entries that are damaged, or foreign files that remain. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "9223372036854775807",
                "9223372036854775806",
                "9223372036854771712",
                "8796093022208",
                "9223372036854775808",
                "9999999999999999999",
                "18446744073709551616",
                "99999999999999999999999"
            })
    void namesWithHugeSizesAreEntriesWithDamageOrForeign(String size) throws IOException {
        Path huge = file(HASH, size + "-123456789");
        Files.write(huge, new byte[5000]);
        boolean valid = size.length() < 19 || size.compareTo(Long.toString(Long.MAX_VALUE)) <= 0 && size.length() == 19;
        for (StorageMode mode : StorageMode.values()) {
            try (ContentCache cache = open(mode, 8 * MIB)) {
                int there = valid && Files.exists(huge) ? 1 : 0;
                assertThat(cache.stats().entries()).isEqualTo(there);
                assertThat(cache.stats().storedBytes()).isEqualTo(8192L * there);
                cache.put(LARGE.digest(), LARGE.source());
                CacheFixture.requireHit(cache, LARGE);
                if (valid) {
                    Digest digest = new Digest(HASH, Long.parseLong(size));
                    assertThat(cache.contains(digest)).isEqualTo(there == 1);
                    assertThat(cache.get(digest, ByteRange.atMost(digest.size() - 5, 5), ByteBuffer.allocate(5)))
                            .isEmpty();
                    assertThat(cache.contains(digest)).isFalse();
                    assertThat(cache.stats().corrupt()).isEqualTo(there);
                }
                assertThat(cache.stats().evictions()).isZero();
                cache.remove(LARGE.digest());
            }
            assertThat(Files.exists(huge)).isEqualTo(!valid);
        }
    }

    /** 8 TiB in as many frames as a table may have: each the same, of zeros, so that the file is small and sparse. */
    @Test
    void eightTebibytesInFramesOfOneMebibyteAreRead() throws IOException {
        long size = 8 * TIB;
        ByteBuffer zeros = ByteBuffer.allocateDirect(MIB);
        ByteBuffer frame = ByteBuffer.allocateDirect(FrameEncoder.bound(MIB));
        try (FrameEncoder encoder = new FrameEncoder(1)) {
            encoder.encode(zeros.duplicate(), frame);
        }
        frame.flip();
        CasblobHeader header = CasblobHeader.of(size, Encoding.ZSTD, MIB);
        assertThat(header.offsets()).isEqualTo(FrameTable.MAX_FRAMES + 1);
        Path path = file(HASH, size + "-123456789");
        writeFrames(path, header, frame);
        try (ContentCache cache = open(StorageMode.HYBRID, Long.MAX_VALUE)) {
            Digest digest = new Digest(HASH, size);
            assertThat(cache.contains(digest)).isTrue();
            ByteBuffer target = ByteBuffer.allocateDirect(MIB);
            assertThat(cache.get(digest, ByteRange.of(size - 10, 10), target)).hasValue(10);
            assertThat(cache.get(digest, ByteRange.of(size - MIB, 1000), target))
                    .hasValue(1000);
            assertThat(cache.stats().corrupt()).isZero();
            assertThat(cache.get(digest, ByteRange.of(4 * TIB, 1000), target))
                    .as("a gap")
                    .isEmpty();
            assertThat(cache.stats().corrupt()).isEqualTo(1);
            assertThat(cache.contains(digest)).isFalse();
        }
    }

    /** Writes a header, and the last frame; all others have its length, and are gaps. */
    private static void writeFrames(Path path, CasblobHeader header, ByteBuffer frame) throws IOException {
        try (FileChannel file = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            // Without a FrameTable: two copies of it would take more heap than reading the file does.
            ByteBuffer bytes = ByteBuffer.allocateDirect(header.length()).order(ByteOrder.LITTLE_ENDIAN);
            bytes.putInt(0x184D2A50).putInt(21 + 8 * header.offsets()).putLong(header.contentSize());
            bytes.put((byte) 1).putInt(header.frameSize()).putLong(header.offsets());
            long length = frame.remaining();
            for (int i = 0; i < header.offsets(); i++) {
                bytes.putLong(header.length() + i * length);
            }
            bytes.flip();
            for (long at = 0; bytes.hasRemaining(); ) {
                at += file.write(bytes, at);
            }
            file.write(frame, header.length() + (header.offsets() - 2) * length);
        }
    }

    /** Content that is stored as it is: 8 TiB in a sparse file, whose length the header gives rightly or not. */
    @Test
    void aSparseFileOfEightTebibytesIsAnEntryWithThatSize() throws IOException {
        long size = 8 * TIB;
        Path path = file(HASH, size + "-123456789");
        CasblobHeader header = CasblobHeader.of(size, Encoding.IDENTITY, MIB);
        ByteBuffer bytes = ByteBuffer.allocate(header.length());
        header.write(FrameTable.identity(header.length(), size), bytes);
        write(path, bytes.flip(), header.length() + size);
        Digest digest = new Digest(HASH, size);
        try (ContentCache cache = open(StorageMode.HYBRID, Long.MAX_VALUE)) {
            assertThat(cache.stats().storedBytes()).isEqualTo(size + 4096);
            try (CachedContent open = cache.open(digest).orElseThrow()) {
                assertThat(open.digest()).isEqualTo(digest);
            }
            assertThat(cache.open(new Digest(HASH, Long.MAX_VALUE)))
                    .as("another size")
                    .isEmpty();
            requireInterruptible(cache, digest);
        }
    }

    /** Requires that a get, which reads all of the file to verify it, ends by an interrupt, and changes nothing. */
    private static void requireInterruptible(ContentCache cache, Digest digest) {
        FutureTask<OptionalLong> get =
                new FutureTask<>(() -> cache.get(digest, ByteRange.atMost(0, 10), ByteBuffer.allocateDirect(10)));
        Thread thread = new Thread(get);
        thread.start();
        CacheFixture.await(() -> Stream.of(thread.getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("verifyOnce")));
        thread.interrupt();
        assertThatThrownBy(() -> get.get(1, TimeUnit.MINUTES)).hasCauseInstanceOf(ClosedByInterruptException.class);
        assertThat(cache.stats().entries()).isEqualTo(1);
        assertThat(cache.stats().corrupt()).isZero();
    }

    @Test
    void aCacheThatIsSmallerThanASparseFileEvictsIt() throws IOException {
        Path path = file(HASH, 8 * TIB + "-123456789");
        write(path, ByteBuffer.allocate(1), 8 * TIB);
        try (ContentCache cache = open(StorageMode.HYBRID, 8 * MIB)) {
            cache.put(LARGE.digest(), LARGE.source());
            CacheFixture.await(
                    () -> cache.stats().doomedBytes() == 0 && cache.stats().entries() == 1);
            CacheFixture.requireHit(cache, LARGE);
            assertThat(path).doesNotExist();
            assertThat(cache.stats().reservedBytes()).isZero();
        }
    }

    /** Writes the beginning of a sparse file of a length. */
    private static void write(Path path, ByteBuffer start, long length) throws IOException {
        try (FileChannel file = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            file.write(start, 0);
            file.write(ByteBuffer.allocate(1), length - 1);
        }
    }
}
