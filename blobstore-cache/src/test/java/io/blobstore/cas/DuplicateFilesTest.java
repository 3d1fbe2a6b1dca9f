package io.blobstore.cas;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Opens caches that have two files of one content, of which one is damaged behind its header and table. */
@ExtendWith(LeakCheck.class)
class DuplicateFilesTest {
    private static final Content CONTENT = CacheFixture.text(1, 3 << 20);

    @TempDir
    Path temporary;

    private ContentCache open(StorageMode mode) throws IOException {
        return CacheFixture.open(
                temporary.resolve("cache"),
                CacheOptions.builder().maxBytes(64 << 20).storageMode(mode).build());
    }

    private Path put(StorageMode mode) throws IOException {
        try (ContentCache cache = open(mode)) {
            cache.put(CONTENT.digest(), CONTENT.source());
        }
        return CacheFixture.files(temporary.resolve("cache")).get(0);
    }

    private static Path copy(Path file) throws IOException {
        String name = file.getFileName().toString();
        String other = name.endsWith(".v1")
                ? name.substring(0, 65) + "1.v1"
                : name.substring(0, name.lastIndexOf('-') + 1) + "1";
        return Files.copy(file, file.resolveSibling(other));
    }

    private static void damage(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(100), channel.size() / 2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theFileThatTheJournalKnowsIsDeletedIfItIsTheDamagedOne(StorageMode mode) throws IOException {
        Path known = put(mode);
        Path other = copy(known);
        damage(known);
        try (ContentCache cache = open(mode)) {
            CacheFixture.requireHit(cache, CONTENT);
            assertThat(cache.stats().corrupt()).isZero();
            assertThat(cache.stats().entries()).isEqualTo(1);
        }
        assertThat(known).doesNotExist();
        assertThat(other).exists();
    }

    @ParameterizedTest
    @EnumSource
    void theOlderFileIsDeletedIfItIsTheDamagedOne(StorageMode mode) throws IOException {
        Path damaged = put(mode);
        Path good = copy(damaged);
        damage(damaged);
        Files.setLastModifiedTime(damaged, FileTime.fromMillis(1_700_000_000_000L));
        Path journal = temporary.resolve(".cache.blobstore-cas/journal");
        for (Path log : CacheFixture.files(journal)) {
            Files.delete(log);
        }
        try (ContentCache cache = open(mode)) {
            CacheFixture.requireHit(cache, CONTENT);
        }
        assertThat(damaged).doesNotExist();
        assertThat(good).exists();
    }

    @Test
    void ofTwoDamagedFilesNoneIsAnEntry() throws IOException {
        Path known = put(StorageMode.HYBRID);
        damage(copy(known));
        damage(known);
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            CacheFixture.requireMiss(cache, CONTENT.digest());
            assertThat(cache.stats().entries()).isZero();
            assertThat(cache.put(CONTENT.digest(), CONTENT.source())).isTrue();
            CacheFixture.requireHit(cache, CONTENT);
        }
    }
}
