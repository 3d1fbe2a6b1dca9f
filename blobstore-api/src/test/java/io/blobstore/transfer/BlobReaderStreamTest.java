package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests a reader as a stream. */
class BlobReaderStreamTest extends BlobReaderFixture {
    private static final int SIZE = 3 * M + 17;

    @BeforeEach
    void smallBlob() {
        store = new PatternStore(SIZE);
    }

    private static void assertWhole(byte[] bytes) {
        assertThat(bytes).hasSize(SIZE);
        PatternStore.assertContent(0, ByteBuffer.wrap(bytes));
    }

    @Test
    void itIsReadToTheEnd() throws IOException {
        try (InputStream stream = open().inputStream()) {
            assertWhole(stream.readAllBytes());
            assertThat(stream.readAllBytes()).isEmpty();
            assertThat(stream.read()).isEqualTo(-1);
            assertThat(stream.read(new byte[5], 0, 5)).isEqualTo(-1);
        }
        assertThat(store.bytes()).isEqualTo(SIZE);
    }

    @Test
    void itIsTransferred() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (InputStream stream = open().inputStream()) {
            assertThat(stream.transferTo(out)).isEqualTo(SIZE);
        }
        assertWhole(out.toByteArray());
        assertThat(store.bytes()).isEqualTo(SIZE);
        assertThat(store.reads()).hasSizeLessThan(60); // 385 without prefetching, of 8 KiB each
    }

    @Test
    void itGivesSingleBytesWithoutSign() throws IOException {
        boolean[] seen = new boolean[256];
        ByteBuffer read = ByteBuffer.allocate(10_000);
        try (InputStream stream = open().inputStream()) {
            while (read.hasRemaining()) {
                int value = stream.read();
                seen[value] = true;
                read.put((byte) value);
            }
        }
        PatternStore.assertContent(0, read.flip());
        assertThat(seen).doesNotContain(false);
    }

    @Test
    void itReadsIntoTheMiddleOfAnArray() throws IOException {
        byte[] bytes = new byte[100];
        try (InputStream stream = open().inputStream()) {
            assertThat(stream.read(bytes, 10, 50)).isEqualTo(50);
            assertThat(stream.read(bytes, 5, 0)).isZero();
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> stream.read(bytes, 60, 50));
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> stream.read(bytes, -1, 5));
        }
        PatternStore.assertContent(0, ByteBuffer.wrap(bytes, 10, 50).slice());
        assertThat(bytes[9]).isZero();
        assertThat(bytes[60]).isZero();
        assertThat(store.bytes()).isEqualTo(50);
    }

    @Test
    void itSkipsUpToTheEndAndRequestsNoContent() throws IOException {
        try (BlobReader blob = open();
                InputStream stream = blob.inputStream()) {
            assertThat(stream.skip(10)).isEqualTo(10);
            assertThat(stream.skip(0)).isZero();
            assertThat(stream.skip(-5)).isZero();
            assertThat(blob.position()).isEqualTo(10);
            stream.skipNBytes(M);
            assertThat(stream.skip(Long.MAX_VALUE)).isEqualTo(SIZE - M - 10);
            assertThat(stream.skip(1)).isZero();
            assertThat(stream.read()).isEqualTo(-1);
            blob.position(SIZE + 5);
            assertThat(stream.skip(1)).isZero();
            assertThat(blob.position()).isEqualTo(SIZE + 5);
        }
        assertThat(store.reads()).isEmpty();
        assertThat(store.heads()).isEqualTo(1);
    }

    @Test
    void itSharesThePositionAndClosesTheReader() throws IOException {
        BlobReader blob = open();
        InputStream stream = blob.inputStream();
        read(blob, 100);
        byte[] bytes = stream.readNBytes(100);
        PatternStore.assertContent(100, ByteBuffer.wrap(bytes));
        read(blob, 100);
        assertThat(stream.available()).isZero();
        assertThat(stream.markSupported()).isFalse();
        assertThatIllegalArgumentException().isThrownBy(() -> stream.readNBytes(-1));

        stream.close();
        stream.close();

        assertThat(blob.isOpen()).isFalse();
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(stream::read);
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> stream.skip(1));
    }
}
