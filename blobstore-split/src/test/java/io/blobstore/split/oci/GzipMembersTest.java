package io.blobstore.split.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GzipMembersTest {
    private final byte[] content = new byte[200_000];

    GzipMembersTest() {
        new Random(1).nextBytes(content);
        Arrays.fill(content, 50_000, 150_000, (byte) 7);
    }

    /** A stream that gives few bytes at a time. */
    private static InputStream slow(byte[] bytes, int atATime) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public int read(byte[] target, int offset, int length) {
                return super.read(target, offset, Math.min(length, atATime));
            }
        };
    }

    private static byte[] decompress(byte[] compressed, int atATime) throws IOException {
        try (InputStream members = new GzipMembers(slow(compressed, atATime))) {
            return members.readAllBytes();
        }
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }

    @Test
    void anyNumberOfMembersIsRead() throws IOException {
        byte[] one = LayoutBuilder.gzip(content);
        byte[] empty = LayoutBuilder.gzip(new byte[0]);
        assertThat(decompress(one, Integer.MAX_VALUE)).isEqualTo(content);
        assertThat(decompress(join(empty, one, empty, one, empty), 1000)).isEqualTo(join(content, content));
        assertThat(decompress(join(one, one), 1)).isEqualTo(join(content, content));
        assertThat(decompress(empty, 1)).isEmpty();
    }

    @Test
    void manyEmptyMembersNeedNoStack() throws IOException {
        byte[] empty = LayoutBuilder.gzip(new byte[0]);
        byte[] many = new byte[empty.length * 50_000];
        for (int at = 0; at < many.length; at += empty.length) {
            System.arraycopy(empty, 0, many, at, empty.length);
        }
        assertThat(decompress(many, Integer.MAX_VALUE)).isEmpty();
    }

    @Test
    void optionalFieldsOfTheHeaderAreSkipped() throws IOException {
        byte[] plain = LayoutBuilder.gzip(content);
        byte[] header = Arrays.copyOf(plain, 10);
        header[3] = 0x1f;
        byte[] fields = {3, 0, 'x', 'y', 'z', 'n', 'a', 'm', 'e', 0, 'c', 0, 1, 2};
        byte[] full = join(header, fields, Arrays.copyOfRange(plain, 10, plain.length));
        assertThat(decompress(full, 1)).isEqualTo(content);
        header[3] = 0x20;
        assertThatThrownBy(() -> decompress(header, 10)).hasMessageContaining("unknown flags");
    }

    @Test
    void whateverFollowsIsRefused() {
        byte[] one = LayoutBuilder.gzip(content);
        for (byte[] more : new byte[][] {{0}, {'x'}, new byte[512], {0x1f, (byte) 0x8b, 7}}) {
            assertThatThrownBy(() -> decompress(join(one, more), 4096))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("followed by something else");
        }
    }

    @Test
    void aCutStreamIsRefused() {
        byte[] one = LayoutBuilder.gzip(content);
        SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 100; round++) {
            int length = round < 12 ? round : random.nextInt(one.length);
            assertThatThrownBy(() -> decompress(Arrays.copyOf(one, length), 4096))
                    .as("%s bytes", length)
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void damageIsDetected() {
        byte[] one = LayoutBuilder.gzip(content);
        SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 100; round++) {
            byte[] damaged = one.clone();
            damaged[random.nextInt(10, one.length)] ^= (byte) (1 << random.nextInt(8));
            assertThatThrownBy(() -> decompress(damaged, 4096)).isInstanceOf(IOException.class);
        }
    }
}
