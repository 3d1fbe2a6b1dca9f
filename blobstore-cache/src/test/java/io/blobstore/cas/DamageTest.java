package io.blobstore.cas;

import static io.blobstore.cas.CacheFixture.KIB;
import static io.blobstore.cas.CacheFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Damages the files of entries at every place: no wrong byte is ever returned as content (fault F4). */
@ExtendWith(LeakCheck.class)
class DamageTest {
    @TempDir
    Path temporary;

    private final List<String> causes = new ArrayList<>();

    private ContentCache open(StorageMode mode) throws IOException {
        return CacheFixture.open(
                temporary.resolve("cache"),
                CacheOptions.builder()
                        .maxBytes(256L << 20)
                        .storageMode(mode)
                        .listener(new CacheListener() {
                            @Override
                            public void corrupt(Keyspace keyspace, String cause) {
                                causes.add(cause);
                            }
                        })
                        .build());
    }

    private Path onlyFile() throws IOException {
        List<Path> files = CacheFixture.files(temporary.resolve("cache"));
        assertThat(files).hasSize(1);
        return files.get(0);
    }

    private interface Damage {
        void apply(FileChannel file) throws IOException;
    }

    private static Damage flip(long bit) {
        return file -> {
            ByteBuffer one = ByteBuffer.allocate(1);
            file.read(one, bit / 8);
            file.write(ByteBuffer.wrap(new byte[] {(byte) (one.get(0) ^ 1 << bit % 8)}), bit / 8);
        };
    }

    private static Damage truncate(long length) {
        return file -> file.truncate(length);
    }

    private static Damage extend(int bytes) {
        return file -> file.write(ByteBuffer.allocate(bytes), file.size());
    }

    private static Damage zero(long offset, int bytes) {
        return file -> file.write(ByteBuffer.allocate((int) Math.min(bytes, file.size() - offset)), offset);
    }

    /** Damages the file of an entry that is in the cache, reads it, and puts it again if it is gone. */
    private boolean survives(ContentCache cache, Content content, Damage damage) throws IOException {
        Path file = onlyFile();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            damage.apply(channel);
        }
        long corrupt = cache.stats().corrupt();
        ByteBuffer target = ByteBuffer.allocateDirect(content.size());
        OptionalLong length = cache.get(content.digest(), ByteRange.all(), target);
        if (length.isPresent()) {
            assertThat(target.flip()).isEqualTo(content.bytes());
            assertThat(cache.stats().corrupt()).isEqualTo(corrupt);
        } else {
            assertThat(target.position()).isZero();
            assertThat(cache.contains(content.digest())).isFalse();
            assertThat(cache.stats().corrupt()).as("counted once").isEqualTo(corrupt + 1);
            assertThat(causes).hasSize((int) corrupt + 1);
            CacheFixture.requireMiss(cache, content.digest());
            assertThat(cache.stats().corrupt()).isEqualTo(corrupt + 1);
        }
        boolean survived = cache.put(content.digest(), content.source());
        assertThat(survived).isEqualTo(length.isEmpty());
        CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
        return !survived;
    }

    /**
     * Content of which each bit is flipped: of 100 bytes, which zstd stores in as many, so that its type can be changed
     * without notice; stored as it is; and compressed.
     */
    @ParameterizedTest
    @EnumSource
    void aFlippedBitAnywhereIsNoticedOrHarmless(StorageMode mode) throws IOException {
        try (ContentCache cache = open(mode)) {
            for (Content content :
                    List.of(CacheFixture.text(1, 100), CacheFixture.text(2, 120), CacheFixture.random(3, 200))) {
                cache.put(content.digest(), content.source());
                long bits = 8 * Files.size(onlyFile());
                int harmless = 0;
                for (long bit = 0; bit < bits; bit++) {
                    if (survives(cache, content, flip(bit))) {
                        harmless++;
                        survives(cache, content, flip(bit)); // back
                    }
                }
                // 32 bits of the frame size, of which many are as good; and some that decoders ignore.
                assertThat(harmless).isLessThan(40);
                cache.remove(content.digest());
                CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFlippedBitOfALargerFileIsNoticedAfterTheCacheWasOpened(StorageMode mode) throws IOException {
        Content content = CacheFixture.text(4, 3 * MIB + 100);
        SplittableRandom random = new SplittableRandom(5);
        try (ContentCache cache = open(mode)) {
            cache.put(content.digest(), content.source());
        }
        int flips = CampaignScale.of(300, 20);
        for (int i = 0; i < flips; i++) {
            try (ContentCache cache = open(mode)) {
                long size = Files.size(onlyFile());
                long bit = random.nextLong(8 * (i % 2 == 0 ? size : 61)); // of the header every other time
                if (survives(cache, content, flip(bit))) {
                    survives(cache, content, flip(bit)); // back
                }
            }
            causes.clear();
        }
    }

    @ParameterizedTest
    @EnumSource
    void truncatedExtendedAndZeroedFilesAreNoticed(StorageMode mode) throws IOException {
        for (Content content : List.of(CacheFixture.random(6, 20 * KIB), CacheFixture.text(7, 2 * MIB + 5))) {
            try (ContentCache cache = open(mode)) {
                cache.put(content.digest(), content.source());
            }
            for (Damage damage : List.of(
                    truncate(0),
                    truncate(44),
                    truncate(4096),
                    file -> file.truncate(file.size() - 1),
                    extend(1),
                    extend(4096),
                    zero(0, 4096),
                    zero(4096, 4096),
                    file -> zero(file.size() - 4096, 4096).apply(file),
                    file -> zero(0, (int) file.size()).apply(file))) {
                try (ContentCache cache = open(mode)) {
                    assertThat(survives(cache, content, damage)).isFalse();
                }
                causes.clear();
            }
            try (ContentCache cache = open(mode)) {
                cache.remove(content.digest());
                CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
            }
        }
    }

    @Test
    void damageAfterTheTableWasReadIsNoticed() throws IOException {
        Content content = CacheFixture.text(8, 3 * MIB);
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            cache.put(content.digest(), content.source());
            CacheFixture.requireHit(cache, content);
            assertThat(survives(cache, content, file -> file.truncate(file.size() - 5)))
                    .isFalse();
            CacheFixture.requireHit(cache, content);
            assertThat(survives(cache, content, zero(100_000, 4096))).isFalse();
        }
    }

    @Test
    void thoseWhoReadGetTheRightBeginningAndThenAnError() throws IOException {
        Content content = CacheFixture.text(9, 3 * MIB);
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            cache.put(content.digest(), content.source());
            try (CachedContent open = cache.open(content.digest()).orElseThrow();
                    FileChannel file = FileChannel.open(onlyFile(), StandardOpenOption.WRITE)) {
                zero(file.size() - 4096, 4096).apply(file);
                ByteBuffer target = ByteBuffer.allocateDirect(content.size());
                BlobTarget.Window window = BlobTarget.Window.of(target);
                assertThatThrownBy(() -> open.read(ByteRange.all(), window))
                        .isInstanceOf(IntegrityException.class)
                        .hasMessageContaining("frame 2")
                        .hasMessageContaining("at offset");
                assertThat(target.position()).isEqualTo(2 * MIB);
                assertThat(target.flip()).isEqualTo(content.bytes().slice(0, 2 * MIB));
                assertThat(cache.contains(content.digest())).isFalse();
                assertThat(open.read(ByteRange.of(5, MIB), ByteBuffer.allocate(MIB)))
                        .isEqualTo(MIB);
                assertThat(cache.put(content.digest(), content.source())).isTrue();
                assertThatThrownBy(() -> open.read(ByteRange.from(2 * MIB), ByteBuffer.allocate(MIB)))
                        .isInstanceOf(IntegrityException.class);
                CacheFixture.requireHit(cache, content);
                assertThat(causes).hasSize(1);
            }
        }
    }

    @Test
    void thoseWhoReadManyFramesAtOnceGetAllThatPrecedesTheDamage() throws IOException {
        Content content = CacheFixture.text(13, 14 * MIB);
        Damage twoFrames = file -> {
            zero(file.size() * 11 / 14, 4096).apply(file);
            zero(file.size() * 15 / 28, 4096).apply(file);
        };
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            cache.put(content.digest(), content.source());
            CacheFixture.requireHit(cache, content);
            try (CachedContent open = cache.open(content.digest()).orElseThrow();
                    FileChannel file = FileChannel.open(onlyFile(), StandardOpenOption.WRITE)) {
                twoFrames.apply(file);
                ByteBuffer target = ByteBuffer.allocateDirect(content.size());
                BlobTarget.Window window = BlobTarget.Window.of(target);
                assertThatThrownBy(() -> open.read(ByteRange.all(), window))
                        .isInstanceOf(IntegrityException.class)
                        .hasMessageContaining("frame 7 ");
                assertThat(target.position()).isEqualTo(7 * MIB);
                assertThat(target.flip()).isEqualTo(content.bytes().slice(0, 7 * MIB));
                assertThat(causes).hasSize(1);
            }
        }
    }

    @Test
    void aFileThatIsGoneIsAMiss() throws IOException {
        Content content = CacheFixture.text(10, 5000);
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            cache.put(content.digest(), content.source());
            Files.delete(onlyFile());
            CacheFixture.requireMiss(cache, content.digest());
            assertThat(cache.open(content.digest())).isEmpty();
            assertThat(cache.stats().corrupt()).isZero();
            assertThat(cache.put(content.digest(), content.source())).isTrue();
            CacheFixture.requireHit(cache, content);
        }
    }

    @Test
    void verifyFindsDamageWithoutAUse() throws IOException {
        Content good = CacheFixture.text(11, 2 * MIB);
        Content bad = CacheFixture.text(12, 2 * MIB);
        try (ContentCache cache = open(StorageMode.UNCOMPRESSED)) {
            cache.put(bad.digest(), bad.source());
            Path file = onlyFile();
            cache.put(good.digest(), good.source());
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                flip(8L * MIB).apply(channel);
            }
            List<CacheEntry> entries = cache.entries();
            assertThat(entries)
                    .extracting(CacheEntry::hash)
                    .containsExactly(bad.digest().sha256(), good.digest().sha256());
            assertThat(entries).extracting(cache::verify).containsExactly(false, true);
            assertThat(causes).containsExactly("the content differs from its SHA-256");
            assertThat(cache.entries()).containsExactly(entries.get(1));
            assertThat(cache.verify(entries.get(0))).isFalse();
            assertThat(cache.evictTo(0)).isEqualTo(2 * MIB);
            assertThat(cache.entries()).isEmpty();
        }
    }
}
