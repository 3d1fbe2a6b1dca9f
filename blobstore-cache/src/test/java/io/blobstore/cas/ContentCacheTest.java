package io.blobstore.cas;

import static io.blobstore.cas.CacheFixture.KIB;
import static io.blobstore.cas.CacheFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.Sha256;
import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests what a cache promises while nothing fails. */
@ExtendWith(LeakCheck.class)
class ContentCacheTest {
    private static final long MAX = 256L << 20;
    private static final Digest EMPTY =
            new Digest(Sha256.parse("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), 0);

    @TempDir
    Path temporary;

    private Path directory() {
        return temporary.resolve("cache");
    }

    private ContentCache open(StorageMode mode) throws IOException {
        return CacheFixture.open(
                directory(),
                CacheOptions.builder().maxBytes(MAX).storageMode(mode).build());
    }

    private static final List<Content> CONTENTS = List.of(
            CacheFixture.text(1, 1),
            CacheFixture.text(2, 128),
            CacheFixture.text(3, 129),
            CacheFixture.random(4, 16 * KIB),
            CacheFixture.text(5, 16 * KIB),
            CacheFixture.text(6, MIB - 1),
            CacheFixture.text(7, MIB),
            CacheFixture.random(8, MIB),
            CacheFixture.text(9, MIB + 1),
            CacheFixture.random(10, 3 * MIB + 5),
            CacheFixture.text(11, 12 * MIB));

    @ParameterizedTest
    @EnumSource
    void whatIsPutIsReadNowAndAfterTheCacheWasOpenedAgain(StorageMode mode) throws IOException {
        try (ContentCache cache = open(mode)) {
            for (Content content : CONTENTS) {
                assertThat(cache.contains(content.digest())).isFalse();
                assertThat(cache.put(content.digest(), content.source())).isTrue();
                assertThat(cache.put(content.digest(), content.source())).isFalse();
                CacheFixture.requireHit(cache, content);
            }
            requireAccounts(cache);
        }
        try (ContentCache cache = open(mode)) {
            for (Content content : CONTENTS) {
                CacheFixture.requireHit(cache, content);
                requireRanges(cache, content);
            }
            requireAccounts(cache);
        }
    }

    private void requireAccounts(ContentCache cache) throws IOException {
        List<Path> files = CacheFixture.files(directory());
        assertThat(files).hasSize(CONTENTS.size());
        CacheStats stats = cache.stats();
        assertThat(stats.entries()).isEqualTo(files.size());
        assertThat(stats.storedBytes()).isEqualTo(CacheFixture.blocks(files));
        assertThat(stats.reservedBytes()).isZero();
        assertThat(stats.corrupt()).isZero();
        CacheFixture.requireNoTemporaries(cache);
    }

    private static void requireRanges(ContentCache cache, Content content) throws IOException {
        int size = content.size();
        try (CachedContent open = cache.open(content.digest()).orElseThrow()) {
            for (int from : List.of(0, 1, size / 2, Math.max(0, size - 1), size, Math.min(size, MIB - 3))) {
                for (int length : List.of(0, 1, 5, MIB + 7)) {
                    int expected = Math.min(length, size - from);
                    ByteBuffer target = ByteBuffer.allocateDirect(length);
                    assertThat(open.read(ByteRange.atMost(from, length), target))
                            .isEqualTo(expected);
                    assertThat(target.flip()).isEqualTo(content.bytes().slice(from, expected));
                }
            }
        }
    }

    @Test
    void theModeDecidesHowContentIsStored() throws IOException {
        Content tiny = CacheFixture.text(1, 90);
        Content dense = CacheFixture.random(2, 10 * KIB);
        Content sparse = CacheFixture.text(3, 10 * KIB);
        record Stored(StorageMode mode, Content content, String name, boolean compressed) {}
        for (Stored stored : List.of(
                new Stored(StorageMode.ZSTD, tiny, "-90-[0-9]{9}", true),
                new Stored(StorageMode.ZSTD, dense, "-10240-[0-9]{9}", true),
                new Stored(StorageMode.HYBRID, tiny, "-90-[0-9]{9}", false),
                new Stored(StorageMode.HYBRID, dense, "-10240-[0-9]{9}", false),
                new Stored(StorageMode.HYBRID, sparse, "-10240-[0-9]{9}", true),
                new Stored(StorageMode.UNCOMPRESSED, sparse, "-[0-9]{9}\\.v1", false))) {
            try (ContentCache cache = open(stored.mode)) {
                cache.put(stored.content.digest(), stored.content.source());
                Path file = CacheFixture.files(directory()).get(0);
                assertThat(file.getFileName().toString())
                        .matches(stored.content.digest().sha256().hex() + stored.name);
                byte[] bytes = Files.readAllBytes(file);
                if (stored.mode == StorageMode.UNCOMPRESSED) {
                    assertThat(ByteBuffer.wrap(bytes)).isEqualTo(stored.content.bytes());
                } else {
                    assertThat(bytes[16]).as("type of %s", stored).isEqualTo((byte) (stored.compressed ? 1 : 0));
                    assertThat(bytes.length - 45 == stored.content.size())
                            .as("size of %s", stored)
                            .isEqualTo(!stored.compressed);
                }
                assertThat(cache.remove(stored.content.digest())).isTrue();
            }
        }
    }

    @Test
    void contentOfNoBytesIsAlwaysThereAndTakesNoFile() throws IOException {
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            assertThat(cache.contains(EMPTY)).isTrue();
            assertThat(cache.missing(List.of(EMPTY))).isEmpty();
            assertThat(cache.put(EMPTY, BlobSource.of())).isFalse();
            assertThat(cache.get(EMPTY, ByteRange.all(), ByteBuffer.allocate(0)))
                    .hasValue(0);
            try (CachedContent content = cache.open(EMPTY).orElseThrow();
                    ContentWriter writer = cache.write(EMPTY)) {
                assertThat(content.read(ByteRange.all(), ByteBuffer.allocate(5)))
                        .isZero();
                assertThat(writer.commit()).isEqualTo(EMPTY);
            }
            assertThat(cache.remove(EMPTY)).isFalse();
            assertThat(CacheFixture.files(directory())).isEmpty();
            Digest wrong = new Digest(CacheFixture.text(1, 1).digest().sha256(), 0);
            assertThat(cache.contains(wrong)).isFalse();
            assertThatThrownBy(() -> cache.put(wrong, BlobSource.of())).isInstanceOf(DigestMismatchException.class);
        }
    }

    @ParameterizedTest
    @EnumSource
    void contentThatIsNotThatOfItsDigestIsRefusedAndNothingIsKept(StorageMode mode) throws IOException {
        try (ContentCache cache = open(mode)) {
            for (Content content : CONTENTS) {
                Digest other = new Digest(CacheFixture.text(99, 99).digest().sha256(), content.size());
                assertThatThrownBy(() -> cache.put(other, content.source()))
                        .isInstanceOf(DigestMismatchException.class)
                        .hasMessageContaining(content.digest().sha256().hex());
                Digest longer = new Digest(content.digest().sha256(), content.size() + 1);
                assertThatThrownBy(() -> cache.put(longer, content.source()))
                        .isInstanceOf(DigestMismatchException.class);
                CacheFixture.requireMiss(cache, other);
                CacheFixture.requireMiss(cache, content.digest());
            }
            assertThat(CacheFixture.files(directory())).isEmpty();
            CacheFixture.requireNoTemporaries(cache);
            assertThat(cache.stats().reservedBytes()).isZero();
        }
    }

    @Test
    void aRangeIsCheckedAgainstContentAndTarget() throws IOException {
        Content content = CacheFixture.text(1, 1000);
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            cache.put(content.digest(), content.source());
            Digest digest = content.digest();
            for (ByteRange outside : List.of(ByteRange.of(999, 2), ByteRange.from(1001), ByteRange.atMost(1001, 1))) {
                assertThatThrownBy(() -> cache.get(digest, outside, ByteBuffer.allocate(2000)))
                        .isInstanceOf(IndexOutOfBoundsException.class)
                        .hasMessageContaining("1000 bytes");
            }
            for (ByteRange tooMuch : List.of(ByteRange.of(0, 11), ByteRange.all())) {
                assertThatThrownBy(() -> cache.get(digest, tooMuch, ByteBuffer.allocate(10)))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("room for 10 bytes");
            }
            assertThat(cache.get(digest, ByteRange.atMost(0, 11), ByteBuffer.allocate(10)))
                    .hasValue(10);
            assertThatThrownBy(() -> cache.get(
                            digest, ByteRange.all(), ByteBuffer.allocate(1000).asReadOnlyBuffer()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void missingAnswersForManyDigestsAtOnce() throws IOException {
        Content first = CacheFixture.text(1, 1000);
        Content second = CacheFixture.text(2, 1000);
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            cache.put(first.digest(), first.source());
            Digest wrongSize = new Digest(first.digest().sha256(), 999);
            assertThat(cache.missing(List.of(wrongSize, EMPTY, second.digest(), first.digest(), second.digest())))
                    .containsExactly(wrongSize, second.digest());
            assertThat(cache.missing(Set.of())).isEmpty();
        }
    }

    @Test
    void removedContentIsGoneExceptForThoseWhoReadIt() throws IOException {
        Content content = CacheFixture.text(1, 3 * MIB);
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            cache.put(content.digest(), content.source());
            try (CachedContent open = cache.open(content.digest()).orElseThrow()) {
                assertThat(cache.remove(new Digest(content.digest().sha256(), 5)))
                        .isFalse();
                assertThat(cache.remove(content.digest())).isTrue();
                assertThat(cache.remove(content.digest())).isFalse();
                CacheFixture.requireMiss(cache, content.digest());
                assertThat(cache.open(content.digest())).isEmpty();
                ByteBuffer target = ByteBuffer.allocateDirect(content.size());
                open.read(ByteRange.all(), target);
                assertThat(target.flip()).isEqualTo(content.bytes());
                assertThat(cache.stats().doomedBytes()).isPositive();
            }
            CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
            assertThat(CacheFixture.files(directory())).isEmpty();
            assertThat(cache.put(content.digest(), content.source())).isTrue();
            CacheFixture.requireHit(cache, content);
        }
    }

    @Test
    void recordsAreReplacedReadAndRemoved() throws IOException {
        Sha256 key = EMPTY.sha256();
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            for (Keyspace keyspace : List.of(Keyspace.AC, Keyspace.RAW)) {
                assertThat(cache.getRecord(keyspace, key)).isEmpty();
                for (Content record : List.of(
                        CacheFixture.text(1, 10), CacheFixture.random(2, 5 * MIB), CacheFixture.content(new byte[0]))) {
                    cache.putRecord(keyspace, key, record.source());
                    assertThat(cache.getRecord(keyspace, key)).hasValue(record.bytes());
                }
                CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
            }
            assertThat(CacheFixture.files(directory())).hasSize(2);
            assertThat(cache.removeRecord(Keyspace.AC, key)).isTrue();
            assertThat(cache.removeRecord(Keyspace.AC, key)).isFalse();
            assertThat(cache.getRecord(Keyspace.AC, key)).isEmpty();
            assertThat(cache.getRecord(Keyspace.RAW, key)).hasValue(ByteBuffer.allocate(0));
            assertThatThrownBy(() -> cache.getRecord(Keyspace.CAS, key))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("digest");
            BlobSource large = BlobSource.of(ByteBuffer.allocate((64 << 20) + 1));
            assertThatThrownBy(() -> cache.putRecord(Keyspace.RAW, key, large))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("at most");
        }
    }

    @Test
    void aSourceInSeveralBuffersOrOnTheHeapIsStoredAsWell() throws IOException {
        try (ContentCache cache = open(StorageMode.ZSTD)) {
            for (Content content : List.of(CacheFixture.text(1, 50 * KIB), CacheFixture.text(2, 5 * MIB))) {
                ByteBuffer heap = ByteBuffer.allocate(content.size())
                        .put(content.bytes().duplicate())
                        .flip();
                int third = content.size() / 3;
                BlobSource pieces = BlobSource.of(
                        heap.slice(0, third),
                        content.bytes().slice(third, third),
                        heap.slice(2 * third, heap.limit() - 2 * third));
                assertThat(cache.put(content.digest(), pieces)).isTrue();
                CacheFixture.requireHit(cache, content);
            }
        }
    }

    @Test
    void hitsAndMissesAreCountedWhereContentIsRead() throws IOException {
        Content content = CacheFixture.text(1, 1000);
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            assertThat(cache.get(content.digest(), ByteRange.all(), ByteBuffer.allocate(1000)))
                    .isEqualTo(OptionalLong.empty());
            cache.put(content.digest(), content.source());
            CacheFixture.requireHit(cache, content);
            cache.open(content.digest()).orElseThrow().close();
            assertThat(cache.stats().hits()).isEqualTo(2);
            assertThat(cache.stats().misses()).isEqualTo(1);
            assertThat(cache.stats().contentBytes()).isEqualTo(1000);
            assertThat(cache.stats().maxBytes()).isEqualTo(MAX);
        }
    }
}
