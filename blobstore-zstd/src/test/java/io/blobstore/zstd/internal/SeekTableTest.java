package io.blobstore.zstd.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class SeekTableTest {
    private static final byte[] FILE = FrameFiles.of(new byte[2500], 1000).seekable();
    private static final int TABLE = 8 + 3 * 8 + 9;

    private static FrameTable parse(byte[] file) throws FrameFormatException {
        ByteBuffer bytes = ByteBuffer.wrap(file);
        return SeekTable.parse(bytes, file.length).table(bytes, file.length);
    }

    private static void assertRefused(Consumer<ByteBuffer> change, String words) {
        byte[] file = FILE.clone();
        change.accept(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN));
        assertThatExceptionOfType(FrameFormatException.class)
                .isThrownBy(() -> parse(file))
                .withMessageContaining(words);
    }

    @Test
    void framesAreFoundByOffsetsOfTheContent() throws FrameFormatException {
        FrameTable table = parse(FILE);
        assertThat(table.frameCount()).isEqualTo(3);
        assertThat(table.contentSize()).isEqualTo(2500);
        assertThat(table.frameAt(0)).isZero();
        assertThat(table.frameAt(999)).isZero();
        assertThat(table.frameAt(1000)).isEqualTo(1);
        assertThat(table.frameAt(2499)).isEqualTo(2);
        assertThat(table.contentLength(2)).isEqualTo(500);
        assertThat(table.storedOffset(3)).isEqualTo(FILE.length - TABLE);
    }

    @Test
    void damagedTablesAreRefused() {
        int end = FILE.length;
        int table = end - TABLE;
        assertRefused(file -> file.putInt(end - 4, 7), "does not end with a seek table");
        assertRefused(file -> file.put(end - 5, (byte) 0x04), "later version");
        assertRefused(file -> file.putInt(end - 9, -1), "frames do not fit");
        assertRefused(file -> file.putInt(end - 9, 4), "damaged");
        assertRefused(file -> file.putInt(table, 0x184D2A50), "damaged");
        assertRefused(file -> file.putInt(table + 4, 0), "damaged");
        assertRefused(file -> file.putInt(table + 8, 0), "do not ascend");
        assertRefused(file -> file.putInt(table + 8, file.getInt(table + 8) + 1000), "before its seek table");
        assertRefused(file -> file.putInt(table + 12, 100 << 20), "frame 0 would hold");
    }

    @Test
    void otherFilesAreNotSeekable() {
        assertThat(SeekTable.isSeekable(ByteBuffer.wrap(new byte[8]))).isFalse();
        assertThat(SeekTable.isSeekable(ByteBuffer.wrap(new byte[100]))).isFalse();
        assertThat(SeekTable.isSeekable(ByteBuffer.wrap(Arrays.copyOf(FILE, FILE.length - 1))))
                .isFalse();
        assertThat(SeekTable.isSeekable(ByteBuffer.wrap(FILE))).isTrue();
    }

    /** As another writer may have them: skippable frames, which are listed too. */
    @Test
    void aFrameWithoutContentIsPassedOver() throws FrameFormatException {
        FrameTable table = FrameTable.zstd(new long[] {0, 10, 20, 30}, new long[] {0, 0, 100, 100});
        assertThat(table.frameAt(0)).isEqualTo(1);
        assertThat(table.frameAt(99)).isEqualTo(1);
    }
}
