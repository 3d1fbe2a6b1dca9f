package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.cas.Keyspace;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class JournalRecordTest {
    private static final EntryFile FILE =
            new EntryFile(OpenedCache.key(Keyspace.AC, 7), EntryFile.Format.PLAIN, -1, "000000001");

    @Test
    void recordsKeepEverything() {
        for (Keyspace keyspace : Keyspace.values()) {
            for (EntryFile.Format format : EntryFile.Format.values()) {
                for (long size : new long[] {-1, 1, (1L << 48) - 2}) {
                    for (long stored : new long[] {0, 1L << 32, (1L << 48) - 1}) {
                        EntryFile file = new EntryFile(OpenedCache.key(keyspace, 7), format, size, "012345678");
                        long[] words = copy(JournalRecord.REMOVED, file, stored, -5);
                        assertThat(JournalRecord.fits(file, stored)).isTrue();
                        assertThat(JournalRecord.operation(words)).isEqualTo(JournalRecord.REMOVED);
                        assertThat(JournalRecord.file(words, 0)).isEqualTo(file);
                        assertThat(JournalRecord.storedSize(words, 0)).isEqualTo(stored);
                        assertThat(words[JournalRecord.TICK]).isEqualTo(-5);
                    }
                }
            }
        }
    }

    @Test
    void sizesThatARecordCannotHoldAreNotRecorded() {
        EntryFile large = new EntryFile(FILE.key(), EntryFile.Format.CASBLOB, Long.MAX_VALUE, "1");
        assertThat(JournalRecord.fits(large, 1)).isFalse();
        assertThat(JournalRecord.fits(FILE, 1L << 48)).isFalse();
        assertThat(JournalRecord.fits(FILE, Long.MAX_VALUE)).isFalse();
        assertThat(JournalRecord.fits(FILE, -1)).isFalse();
    }

    @Test
    void everyFlippedBitIsFound() {
        CRC32C crc = new CRC32C();
        long[] words = new long[JournalRecord.WORDS];
        JournalRecord.put(words, 0, JournalRecord.ADDED, FILE, 10, 3);
        ByteBuffer record = ByteBuffer.allocate(JournalRecord.BYTES);
        JournalRecord.write(record, words, 0, crc);
        for (int bit = 0; bit < 8 * JournalRecord.BYTES; bit++) {
            record.array()[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(JournalRecord.read(record.clear(), words, crc))
                    .as("bit " + bit)
                    .isFalse();
            record.array()[bit / 8] ^= (byte) (1 << bit % 8);
        }
        assertThat(JournalRecord.read(record.clear(), words, crc)).isTrue();
        assertThat(JournalRecord.read(ByteBuffer.allocate(JournalRecord.BYTES), words, crc))
                .as("zeros")
                .isFalse();
    }

    @Test
    void suffixesOfUpToNineDigitsHaveCodesOfTheirOwn() {
        Map<Integer, String> codes = new HashMap<>();
        for (String suffix : new String[] {
            "0",
            "9",
            "00",
            "09",
            "99",
            "000",
            "112233",
            "556677",
            "222444666",
            "000000000",
            "999999999",
            "99999999",
            "0000000",
            "1"
        }) {
            int code = JournalRecord.suffixCode(suffix);
            assertThat(code).as(suffix).isNotNegative();
            assertThat(codes.put(code, suffix)).as(suffix).isNull();
            assertThat(JournalRecord.suffix(code)).isEqualTo(suffix);
        }
        for (String suffix : new String[] {"a", "1234567890", "Z0", ""}) {
            assertThat(JournalRecord.suffixCode(suffix) & JournalRecord.OTHER_SUFFIX)
                    .as(suffix)
                    .isEqualTo(suffix.isEmpty() ? 0 : JournalRecord.OTHER_SUFFIX);
        }
    }

    private static long[] copy(int operation, EntryFile file, long stored, long tick) {
        CRC32C crc = new CRC32C();
        long[] words = new long[JournalRecord.WORDS];
        JournalRecord.put(words, 0, operation, file, stored, tick);
        ByteBuffer record = ByteBuffer.allocate(JournalRecord.BYTES);
        JournalRecord.write(record, words, 0, crc);
        assertThat(record.remaining()).isZero();
        long[] read = new long[JournalRecord.WORDS];
        assertThat(JournalRecord.read(record.flip(), read, crc)).isTrue();
        return read;
    }
}
