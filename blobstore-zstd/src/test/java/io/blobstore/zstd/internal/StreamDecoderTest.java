package io.blobstore.zstd.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import io.blobstore.contract.LeakCheck;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests decoding frames that arrive in pieces. */
@ExtendWith(LeakCheck.class)
class StreamDecoderTest {
    private static byte[] content(int size) {
        byte[] content = new byte[size];
        SplittableRandom random = new SplittableRandom(size);
        for (int i = 0; i < size; i++) {
            content[i] = (byte) (random.nextInt(4) * random.nextInt(8));
        }
        return content;
    }

    private static byte[] decode(byte[] frames, int piece, boolean direct, boolean complete) throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        try (StreamDecoder decoder = new StreamDecoder()) {
            for (int at = 0; at < frames.length; at += piece) {
                byte[] bytes = Arrays.copyOfRange(frames, at, Math.min(frames.length, at + piece));
                ByteBuffer stored = direct
                        ? ByteBuffer.allocateDirect(bytes.length).put(bytes).flip()
                        : ByteBuffer.wrap(bytes);
                decoder.decode(stored, decoded -> {
                    byte[] copy = new byte[decoded.remaining()];
                    decoded.get(copy);
                    content.writeBytes(copy);
                });
                assertThat(stored.hasRemaining()).isFalse();
            }
            assertThat(decoder.isComplete()).isEqualTo(complete);
        }
        return content.toByteArray();
    }

    @Test
    void contentIsTheSameHoweverItsFramesArrive() throws IOException {
        for (int size : new int[] {0, 1, 1000, 128 << 10, (1 << 20) + 3}) {
            byte[] content = content(size);
            ByteArrayOutputStream frames = new ByteArrayOutputStream();
            frames.writeBytes(Zstd.compress(Arrays.copyOf(content, size / 3), 1));
            frames.writeBytes(new byte[] {0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2}); // skipped
            frames.writeBytes(Zstd.compress(Arrays.copyOfRange(content, size / 3, size), 3));
            int step = size < 2000 ? 1 : 7919;
            for (int piece : new int[] {step, 64 << 10, frames.size()}) {
                assertThat(decode(frames.toByteArray(), piece, true, true)).isEqualTo(content);
                assertThat(decode(frames.toByteArray(), piece, false, true)).isEqualTo(content);
            }
        }
    }

    @Test
    void anEndInsideAFrameIsNotComplete() throws IOException {
        byte[] frames = Zstd.compress(content(300_000));
        decode(Arrays.copyOf(frames, frames.length - 1), 1000, true, false);
        decode(new byte[0], 1, true, false);
    }

    @Test
    void whatIsNotAFrameIsRefused() {
        byte[] flipped;
        try (ZstdCompressCtx context = new ZstdCompressCtx().setChecksum(true)) {
            flipped = context.compress(content(300_000));
        }
        flipped[flipped.length / 2] ^= 0x10;
        assertThatThrownBy(() -> decode("this is text".getBytes(), 5, true, true))
                .isInstanceOf(FrameFormatException.class);
        assertThatThrownBy(() -> decode(flipped, flipped.length, true, true)).isInstanceOf(FrameFormatException.class);
    }

    @Test
    void windowsOfMoreThan8MiBAreRefused() throws IOException {
        byte[] content = content(1000);
        for (int log = 20; log <= 27; log++) {
            byte[] header = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0, (byte) ((log - 10) << 3)};
            ByteArrayOutputStream frame = new ByteArrayOutputStream();
            frame.writeBytes(header);
            int block = content.length << 3 | 1; // the last one, raw
            frame.writeBytes(new byte[] {(byte) block, (byte) (block >> 8), (byte) (block >> 16)});
            frame.writeBytes(content);
            if (log <= StreamDecoder.MAX_WINDOW_LOG) {
                assertThat(decode(frame.toByteArray(), 100, true, true)).isEqualTo(content);
            } else {
                assertThatThrownBy(() -> decode(frame.toByteArray(), 100, true, true))
                        .isInstanceOf(FrameFormatException.class)
                        .hasMessageContaining("8 MiB");
            }
        }
    }

    @Test
    void aSinkMayEndTheDecoding() {
        byte[] bomb = Zstd.compress(new byte[64 << 20]);
        assertThatThrownBy(() -> {
                    try (StreamDecoder decoder = new StreamDecoder()) {
                        long[] received = new long[1];
                        decoder.decode(
                                ByteBuffer.allocateDirect(bomb.length).put(bomb).flip(), decoded -> {
                                    received[0] += decoded.remaining();
                                    if (received[0] > 1 << 20) {
                                        throw new IOException("enough after " + received[0]);
                                    }
                                });
                    }
                })
                .isInstanceOf(IOException.class)
                .hasMessage("enough after " + ((1 << 20) + (128 << 10)));
    }
}
