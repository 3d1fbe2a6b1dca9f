package io.blobstore.cas;

import static io.blobstore.cas.CacheFixture.KIB;
import static io.blobstore.cas.CacheFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdInputStream;
import io.blobstore.IntegrityException;
import io.blobstore.Sha256;
import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.LeakCheck;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests the stored form of content, content found by its hash alone, and records in pieces. */
@ExtendWith(LeakCheck.class)
class StoredContentTest {
    private static final Sha256 KEY = CacheFixture.text(0, 10).digest().sha256();

    @TempDir
    Path temporary;

    private ContentCache cache;

    @BeforeEach
    void open() throws IOException {
        cache = CacheFixture.open(temporary.resolve("cache"), CacheOptions.ofMaxBytes(256L << 20));
    }

    @AfterEach
    void close() throws IOException {
        cache.close();
    }

    /** Opens the cache again, so that large content is stored as it is. */
    private void open(Content content) throws IOException {
        if (content.size() > MIB) {
            cache.close();
            cache = CacheFixture.open(
                    temporary.resolve("cache"),
                    CacheOptions.builder()
                            .maxBytes(256L << 20)
                            .storageMode(StorageMode.UNCOMPRESSED)
                            .build());
        }
    }

    private static byte[] transferred(StoredContent stored, long position, long count) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (WritableByteChannel channel = Channels.newChannel(bytes)) {
            long at = 0;
            while (at < count) {
                at += stored.transferTo(position + at, count - at, channel);
            }
        }
        return bytes.toByteArray();
    }

    private static byte[] read(StoredContent stored, long position, long count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect((int) count);
        stored.read(position, bytes);
        byte[] array = new byte[(int) count];
        bytes.flip().get(array);
        return array;
    }

    private static byte[] array(Content content) {
        byte[] array = new byte[content.size()];
        content.bytes().duplicate().get(array);
        return array;
    }

    @Test
    void framesAreAFileThatDecodesToTheContent() throws IOException {
        for (Content content : List.of(CacheFixture.text(1, 10 * KIB), CacheFixture.text(2, 3 * MIB + 5))) {
            cache.put(content.digest(), content.source());
            try (CachedContent found = cache.open(content.digest().sha256()).orElseThrow()) {
                assertThat(found.digest()).isEqualTo(content.digest());
                StoredContent stored = found.stored();
                assertThat(stored.encoding()).isEqualTo(StoredContent.Encoding.ZSTD);
                byte[] frames = transferred(stored, 0, stored.size());
                assertThat(read(stored, 0, stored.size())).isEqualTo(frames);
                assertThat(read(stored, 100, 200)).isEqualTo(Arrays.copyOfRange(frames, 100, 300));
                assertThat(new ZstdInputStream(new ByteArrayInputStream(frames)).readAllBytes())
                        .isEqualTo(array(content));
            }
        }
    }

    @Test
    void contentThatIsStoredAsItIsBeginsWithItsFirstByte() throws IOException {
        for (Content content : List.of(CacheFixture.random(1, 10 * KIB), CacheFixture.random(2, 3 * MIB + 5))) {
            open(content);
            cache.put(content.digest(), content.source());
            try (CachedContent found = cache.open(content.digest()).orElseThrow()) {
                StoredContent stored = found.stored();
                assertThat(stored.encoding()).isEqualTo(StoredContent.Encoding.IDENTITY);
                assertThat(stored.size()).isEqualTo(content.size());
                assertThat(transferred(stored, 7, 1000)).isEqualTo(Arrays.copyOfRange(array(content), 7, 1007));
                assertThat(read(stored, 0, stored.size())).isEqualTo(array(content));
                assertThatThrownBy(() -> read(stored, stored.size() - 1, 2))
                        .isInstanceOf(IndexOutOfBoundsException.class);
            }
        }
    }

    @Test
    void contentOfNoBytesIsStoredAsNone() throws IOException {
        try (CachedContent found = cache.open(Sha256.of(ByteBuffer.allocate(0))).orElseThrow()) {
            assertThat(found.stored().size()).isZero();
            assertThat(found.stored().encoding()).isEqualTo(StoredContent.Encoding.IDENTITY);
            assertThat(transferred(found.stored(), 0, 0)).isEmpty();
        }
        assertThat(cache.open(KEY)).isEmpty();
    }

    @Test
    void damagedContentWithoutChecksumsHasNoStoredForm() throws IOException {
        for (Content content : List.of(CacheFixture.random(1, 10 * KIB), CacheFixture.random(2, 3 * MIB))) {
            open(content);
            cache.put(content.digest(), content.source());
            Path file = CacheFixture.files(temporary.resolve("cache")).stream()
                    .filter(path -> path.getFileName()
                            .toString()
                            .startsWith(content.digest().sha256().hex()))
                    .findFirst()
                    .orElseThrow();
            byte[] bytes = Files.readAllBytes(file);
            bytes[bytes.length / 2] ^= 1;
            Files.write(file, bytes);
            try (CachedContent found = cache.open(content.digest()).orElseThrow()) {
                assertThatThrownBy(found::stored).isInstanceOf(IntegrityException.class);
            }
            assertThat(cache.contains(content.digest())).isFalse();
            assertThat(cache.stats().corrupt()).isEqualTo(1);
        }
    }

    @Test
    void aFileThatIsTruncatedMeanwhileIsNotTransferredForEver() throws IOException {
        Content content = CacheFixture.text(1, 3 * MIB);
        cache.put(content.digest(), content.source());
        try (CachedContent found = cache.open(content.digest()).orElseThrow()) {
            StoredContent stored = found.stored();
            Path file = CacheFixture.files(temporary.resolve("cache")).get(0);
            Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 1000));
            assertThatThrownBy(() -> transferred(stored, 0, stored.size())).isInstanceOf(IntegrityException.class);
        }
        assertThat(cache.contains(content.digest())).isFalse();
    }

    @Test
    void closedContentCannotBeSent() throws IOException {
        Content content = CacheFixture.text(1, 3 * MIB);
        cache.put(content.digest(), content.source());
        CachedContent found = cache.open(content.digest()).orElseThrow();
        StoredContent stored = found.stored();
        found.close();
        assertThatThrownBy(() -> read(stored, 0, 10)).isInstanceOf(IllegalStateException.class);
    }

    // ---- records

    private RecordWriter write(Content record, int size) throws IOException {
        RecordWriter writer = cache.writeRecord(Keyspace.AC, KEY, size);
        for (int at = 0; at < record.size(); at += 100 * KIB) {
            writer.write(record.bytes().slice(at, Math.min(100 * KIB, record.size() - at)));
        }
        return writer;
    }

    private byte[] record() throws IOException {
        try (CachedRecord found = cache.openRecord(Keyspace.AC, KEY).orElseThrow()) {
            byte[] bytes = read(found.stored(), 0, found.size());
            assertThat(transferred(found.stored(), 0, found.size())).isEqualTo(bytes);
            return bytes;
        }
    }

    @Test
    void aRecordIsVisibleWhenItIsCommittedAndReadersOfTheOldOneGoOn() throws IOException {
        Content old = CacheFixture.random(1, 300 * KIB);
        Content fresh = CacheFixture.random(2, 500 * KIB);
        try (RecordWriter writer = write(old, old.size())) {
            assertThat(cache.openRecord(Keyspace.AC, KEY)).isEmpty();
            writer.commit();
            assertThatThrownBy(writer::commit).isInstanceOf(IllegalStateException.class);
        }
        try (CachedRecord reader = cache.openRecord(Keyspace.AC, KEY).orElseThrow();
                RecordWriter writer = write(fresh, fresh.size())) {
            assertThat(record()).isEqualTo(array(old));
            writer.commit();
            assertThat(record()).isEqualTo(array(fresh));
            assertThat(read(reader.stored(), 0, reader.size())).isEqualTo(array(old));
        }
        assertThat(cache.openRecord(Keyspace.RAW, KEY)).isEmpty();
    }

    @Test
    void aRecordThatIsNotWholeIsDiscarded() throws IOException {
        Content record = CacheFixture.random(1, 300 * KIB);
        try (RecordWriter writer = write(record, record.size() + 1)) {
            assertThatThrownBy(writer::commit).isInstanceOf(DigestMismatchException.class);
        }
        assertThatThrownBy(() -> write(record, record.size() - 1)).isInstanceOf(DigestMismatchException.class);
        assertThatThrownBy(() -> cache.writeRecord(Keyspace.AC, KEY, (64L << 20) + 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> cache.writeRecord(Keyspace.CAS, KEY, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThat(cache.openRecord(Keyspace.AC, KEY)).isEmpty();
    }

    @Test
    void closingTheCacheDiscardsUnfinishedRecords() throws IOException {
        RecordWriter writer = write(CacheFixture.random(1, 300 * KIB), MIB);
        cache.close();
        writer.close();
        assertThat(CacheFixture.temporaries(cache.stateDirectory())).isEmpty();
    }
}
