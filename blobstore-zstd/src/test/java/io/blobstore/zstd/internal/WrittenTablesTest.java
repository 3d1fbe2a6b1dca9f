package io.blobstore.zstd.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.BlobSource;
import io.blobstore.zstd.internal.FrameTable.Encoding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares what is written with files that were written independently, after the specifications. */
class WrittenTablesTest {
    private static final int FRAME = 64 << 10;

    private final ByteArrayOutputStream frames = new ByteArrayOutputStream();

    private ContentDigest compress(byte[] content, FrameTable.Builder table) throws IOException {
        FrameCompressor.Sink sink = (length, stored) -> {
            int offset = (int) table.contentSize();
            byte[] bytes = new byte[stored.remaining()];
            stored.duplicate().get(bytes);
            frames.writeBytes(bytes);
            table.add(bytes.length, ByteBuffer.wrap(content, offset, length));
        };
        ContentHasher hasher = new ContentHasher();
        try (FrameCompressor compressor = new FrameCompressor(Runnable::run, 0, 1, true, hasher::update, sink)) {
            for (int at = 0; at < content.length; at += FRAME) {
                compressor.add(
                        BlobSource.of(ByteBuffer.wrap(content, at, Math.min(FRAME, content.length - at))), () -> {});
            }
            compressor.finish();
            return hasher.digest();
        }
    }

    private static byte[] concat(byte[]... pieces) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] piece : pieces) {
            out.writeBytes(piece);
        }
        return out.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, FRAME, FRAME + 1, 20 * FRAME + 5})
    void aCasblobIsTheOneOfItsSpecification(int size) throws IOException {
        byte[] content = Contents.text(size, size);
        CasblobHeader header = CasblobHeader.of(size, Encoding.ZSTD, FRAME);
        FrameTable.Builder table = new FrameTable.Builder(header.length(), false);
        compress(content, table);
        ByteBuffer written = ByteBuffer.allocate(header.length());
        header.write(table.build(), written);
        assertThat(written.hasRemaining()).isFalse();
        assertThat(concat(written.array(), frames.toByteArray()))
                .isEqualTo(FrameFiles.of(content, FRAME).casblob());
    }

    @Test
    void aCasblobOfContentAsItIsHasTheHeaderOfItsSpecification() {
        CasblobHeader header = CasblobHeader.of(100, Encoding.IDENTITY, 1 << 20);
        ByteBuffer written = ByteBuffer.allocate(header.length());
        header.write(FrameTable.identity(header.length(), 100), written);
        byte[] file = FrameFiles.of(new byte[100], 1 << 20).identity();
        assertThat(written.array()).isEqualTo(Arrays.copyOf(file, file.length - 100));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSeekTableIsTheOneOfItsSpecification(boolean checksums) throws IOException {
        byte[] content = Contents.text(1, 3 * FRAME + 5);
        FrameTable.Builder table = new FrameTable.Builder(0, checksums);
        ContentDigest digest = compress(content, table);
        table.extendLast(ContentDigest.LENGTH);
        SeekTable seekTable = SeekTable.of(table.build());
        ByteBuffer written = ByteBuffer.allocate(ContentDigest.LENGTH + seekTable.length());
        digest.write(written);
        seekTable.write(table.build(), written);
        assertThat(written.hasRemaining()).isFalse();
        FrameFiles file = FrameFiles.of(content, FRAME).withDigest();
        assertThat(concat(frames.toByteArray(), written.array()))
                .isEqualTo((checksums ? file.withTableChecksums() : file).seekable());
    }

    @Test
    void tablesOfOtherContentAreRefused() {
        CasblobHeader header = CasblobHeader.of(2L * FRAME, Encoding.ZSTD, FRAME);
        ByteBuffer target = ByteBuffer.allocate(100);
        FrameTable oneFrame =
                new FrameTable.Builder(header.length(), false).add(10, FRAME).build();
        assertThatIllegalArgumentException().isThrownBy(() -> header.write(oneFrame, target));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SeekTable.of(oneFrame).write(oneFrame, target));
        assertThatIllegalArgumentException().isThrownBy(() -> CasblobHeader.of(0, Encoding.ZSTD, FRAME));
        assertThatIllegalArgumentException().isThrownBy(() -> CasblobHeader.of(1, Encoding.ZSTD, FRAME - 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CasblobHeader.of(1L << 50, Encoding.ZSTD, FRAME))
                .withMessageContaining("larger frames");
        FrameTable.Builder builder = new FrameTable.Builder(0, false);
        assertThatIllegalStateException().isThrownBy(() -> builder.extendLast(1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.add(0, 1));
    }
}
