package io.blobstore.cas.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LogTailTest {
    @TempDir
    Path directory;

    private JournalFiles files;
    private Journal journal;
    private Index index;
    private LogTail tail;

    @BeforeEach
    void create() throws IOException {
        files = new JournalFiles(directory);
        journal = new Journal(
                files, "own", 1, 0, () -> directory.resolve("t"), Journal.Sharing.NONE, Duration.ofHours(1));
        index = new Index(1L << 40, journal, entry -> {});
        tail = new LogTail(files, journal, index, Map.of());
    }

    @AfterEach
    void close() {
        index.close();
        journal.close();
    }

    private static byte[] record(int number) {
        long[] words = new long[JournalRecord.WORDS];
        ByteBuffer record = ByteBuffer.allocate(JournalRecord.BYTES);
        EntryFile file = IndexFixture.file(OpenedCache.key(number), number);
        JournalRecord.put(words, 0, JournalRecord.ADDED, file, number, number);
        JournalRecord.write(record, words, 0, new CRC32C());
        return record.array();
    }

    private void append(byte[] bytes) throws IOException {
        Files.write(files.log(1, "other"), bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private boolean knows(int number) {
        return index.peek(OpenedCache.key(number)).isPresent();
    }

    @Test
    void aRecordThatIsCutOffIsReadAsSoonAsItIsComplete() throws IOException {
        byte[] second = record(2);

        append(record(1));
        append(Arrays.copyOf(second, 10)); // as a full disk leaves it
        tail.follow();
        assertThat(knows(1)).isTrue();
        assertThat(knows(2)).isFalse();

        append(Arrays.copyOfRange(second, 10, second.length));
        append(record(3));
        tail.follow();
        assertThat(knows(2)).isTrue();
        assertThat(knows(3)).isTrue();
    }

    @Test
    void garbageAfterARecordIsSkipped() throws IOException {
        append(record(1));
        append("no record, and of no multiple of a record's length".repeat(100).getBytes(US_ASCII));

        tail.follow();

        assertThat(index.snapshot()).hasSize(1);
    }
}
