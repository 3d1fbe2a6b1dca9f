package io.blobstore.cas;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Changes the lengths of the files of records, which have no digest: as a power cut or a repair of the disk does. */
@ExtendWith(LeakCheck.class)
class RecordDamageTest {
    private static final Content RECORD = CacheFixture.random(1, 5000);

    @TempDir
    Path temporary;

    private ContentCache open(AccessMode mode) throws IOException {
        return CacheFixture.open(
                temporary.resolve("cache"),
                CacheOptions.builder().maxBytes(1 << 20).accessMode(mode).build());
    }

    private Path put(ContentCache cache) throws IOException {
        cache.putRecord(Keyspace.AC, RECORD.digest().sha256(), RECORD.source());
        List<Path> files = CacheFixture.files(temporary.resolve("cache"));
        assertThat(files).hasSize(1);
        return files.get(0);
    }

    private static void resize(Path file, long length) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(length);
            if (channel.size() < length) {
                channel.write(ByteBuffer.allocate((int) (length - channel.size())), channel.size());
            }
        }
    }

    private static void requireMiss(ContentCache cache, Path file) throws IOException {
        assertThat(cache.getRecord(Keyspace.AC, RECORD.digest().sha256())).isEmpty();
        assertThat(cache.stats().corrupt()).isEqualTo(1);
        CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
        assertThat(file).doesNotExist();
        assertThat(cache.getRecord(Keyspace.AC, RECORD.digest().sha256())).isEmpty();
        assertThat(cache.stats().corrupt()).as("counted once").isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 4096, 4999, 5001, 9000})
    void aRecordOfAnotherLengthIsRemovedAndAMiss(long length) throws IOException {
        try (ContentCache cache = open(AccessMode.EXCLUSIVE)) {
            Path file = put(cache);
            resize(file, length);
            requireMiss(cache, file);
            put(cache);
            assertThat(cache.getRecord(Keyspace.AC, RECORD.digest().sha256()))
                    .contains(RECORD.bytes().duplicate());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 4096})
    void aRecordThatWasTruncatedBetweenTwoRunsIsKnownByTheJournal(long length) throws IOException {
        Path file;
        try (ContentCache cache = open(AccessMode.EXCLUSIVE)) {
            file = put(cache);
        }
        resize(file, length);
        try (ContentCache cache = open(AccessMode.EXCLUSIVE)) {
            requireMiss(cache, file);
        }
    }

    /** bazel-remote writes files in their places, so that a reader beside it may find one before it is complete. */
    @Test
    void aReadOnlyCacheReadsAFileThatHasGrown() throws IOException {
        Path file;
        try (ContentCache cache = open(AccessMode.EXCLUSIVE)) {
            file = put(cache);
        }
        byte[] whole = Files.readAllBytes(file);
        try (ContentCache cache = open(AccessMode.EXCLUSIVE)) {
            cache.putRecord(Keyspace.AC, RECORD.digest().sha256(), BlobSource.of(ByteBuffer.allocate(100)));
        } // which deletes the other one
        file = CacheFixture.files(temporary.resolve("cache")).get(0);
        try (ContentCache cache = open(AccessMode.READ_ONLY)) {
            Files.write(file, whole);
            assertThat(cache.getRecord(Keyspace.AC, RECORD.digest().sha256()))
                    .contains(RECORD.bytes().duplicate());
            assertThat(cache.stats().corrupt()).isZero();
        }
    }
}
