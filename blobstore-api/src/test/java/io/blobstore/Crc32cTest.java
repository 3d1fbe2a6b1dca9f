package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Crc32cTest {
    @Test
    void theVectorsOfRfc3720Hold() {
        byte[] ascending = new byte[32];
        byte[] descending = new byte[32];
        byte[] ones = new byte[32];
        Arrays.fill(ones, (byte) 0xFF);
        for (int i = 0; i < 32; i++) {
            ascending[i] = (byte) i;
            descending[i] = (byte) (31 - i);
        }
        assertThat(of(new byte[32]).hex()).isEqualTo("8a9136aa");
        assertThat(of(ones).hex()).isEqualTo("62a8ab43");
        assertThat(of(ascending).hex()).isEqualTo("46dd794e");
        assertThat(of(descending).hex()).isEqualTo("113fdb5c");
        assertThat(of("123456789".getBytes(StandardCharsets.US_ASCII)).hex()).isEqualTo("e3069283");
        assertThat(of(new byte[0])).isEqualTo(Crc32c.EMPTY);
    }

    @Test
    void adjacentChecksumsCombineToTheWhole() {
        for (long seed = 0; seed < 2_000; seed++) {
            Random random = new Random(seed);
            byte[] content = bytes(random.nextInt(5_000), seed);
            Crc32c combined = Crc32c.EMPTY;
            for (int at = 0; at < content.length; ) {
                // Mostly tiny or empty pieces, sometimes the whole rest.
                int piece = random.nextInt(10) == 0
                        ? content.length - at
                        : random.nextInt(Math.min(300, content.length - at + 1));
                combined = combined.combine(of(Arrays.copyOfRange(content, at, at + piece)), piece);
                at += piece;
            }
            assertThat(combined).as("seed %d", seed).isEqualTo(of(content));
        }
    }

    @Test
    void emptyContentAddsNothing() {
        Crc32c some = of(bytes(100, 1));

        assertThat(some.combine(Crc32c.EMPTY, 0)).isEqualTo(some);
        assertThat(Crc32c.EMPTY.combine(some, 100)).isEqualTo(some);
        assertThat(Crc32c.EMPTY.combine(Crc32c.EMPTY, 0)).isEqualTo(Crc32c.EMPTY);
    }

    @Test
    void zerosDoubleUpToEveryLength() {
        Crc32c zeros = of(new byte[1]);
        for (int k = 0; k < 62; k++) {
            long length = 1L << k;
            if (k <= 22) {
                assertThat(zeros).as("2^%d zeros", k).isEqualTo(of(new byte[(int) length]));
            }
            // Appending the doubled length at once must equal appending its half twice.
            Crc32c doubled = zeros.combine(zeros, length);
            Crc32c some = of(bytes(10, k));
            assertThat(some.combine(doubled, 2 * length))
                    .as("2^%d zeros after other content", k + 1)
                    .isEqualTo(some.combine(zeros, length).combine(zeros, length));
            zeros = doubled;
        }
    }

    @Test
    void lengthsBeyondAnIntAreNotCutShort() {
        for (long length : new long[] {
            Integer.MAX_VALUE,
            1L << 31,
            (1L << 32) - 1,
            1L << 32,
            (1L << 32) + 1,
            5L << 40,
            (1L << 61) + 3,
            Long.MAX_VALUE
        }) {
            Crc32c some = of(bytes(10, length));
            Crc32c next = of(bytes(20, length));

            assertThat(some.combine(next, length))
                    .as("%d bytes", length)
                    .isEqualTo(new Crc32c(appendZeros(some.value(), length) ^ next.value()));
        }
    }

    /**
     * Computes the effect of appending zeros on a checksum, by squaring the matrix of one zero bit: M. Adler's first
     * {@code crc32_combine}, another algorithm than the tested one.
     */
    private static int appendZeros(int crc, long length) {
        int[] power = new int[32];
        power[0] = 0x82F63B78;
        for (int bit = 1; bit < 32; bit++) {
            power[bit] = 1 << (bit - 1);
        }
        for (int doubling = 0; doubling < 3; doubling++) {
            power = square(power); // 8 zero bits are a byte
        }
        int result = crc;
        for (long n = length; n != 0; n >>>= 1) {
            if ((n & 1) != 0) {
                result = times(power, result);
            }
            power = square(power);
        }
        return result;
    }

    private static int[] square(int[] matrix) {
        return Arrays.stream(matrix).map(column -> times(matrix, column)).toArray();
    }

    private static int times(int[] matrix, int vector) {
        int sum = 0;
        for (int bit = 0; bit < 32; bit++) {
            if ((vector >>> bit & 1) != 0) {
                sum ^= matrix[bit];
            }
        }
        return sum;
    }

    @Test
    void aNegativeLengthIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Crc32c.EMPTY.combine(Crc32c.EMPTY, -1));
    }

    @Test
    void aBufferIsLeftAsItWas() {
        byte[] content = bytes(1000, 1);
        for (ByteBuffer buffer : List.of(
                ByteBuffer.wrap(content),
                ByteBuffer.allocateDirect(1000).put(content).flip())) {
            buffer.position(10).limit(500);

            assertThat(Crc32c.of(buffer)).isEqualTo(of(Arrays.copyOfRange(content, 10, 500)));
            assertThat(Crc32c.of(buffer.asReadOnlyBuffer())).isEqualTo(of(Arrays.copyOfRange(content, 10, 500)));
            assertThat(buffer.position()).isEqualTo(10);
            assertThat(buffer.limit()).isEqualTo(500);
        }
    }

    @Test
    void aSourceIsReadPieceByPiece(@TempDir Path directory) throws IOException {
        byte[] content = bytes(1_000_001, 2);
        Path path = Files.write(directory.resolve("file"), content);

        assertThat(Crc32c.of(BlobSource.ofPath(path))).isEqualTo(of(content));
        assertThat(Crc32c.of(BlobSource.of(ByteBuffer.wrap(content)).slice(3, 999_000)))
                .isEqualTo(of(Arrays.copyOfRange(content, 3, 999_003)));
        assertThat(Crc32c.of(BlobSource.of())).isEqualTo(Crc32c.EMPTY);
    }

    @Test
    void aChecksumIsWrittenAsStoresWriteIt() {
        Crc32c checksum = new Crc32c(0xe3069283);

        assertThat(checksum.hex()).isEqualTo("e3069283");
        assertThat(checksum.base64()).isEqualTo("4waSgw==");
        assertThat(checksum).hasToString("crc32c:e3069283");
        assertThat(new Crc32c(1).hex()).isEqualTo("00000001");
        assertThat(new Crc32c(1).base64()).isEqualTo("AAAAAQ==");
    }

    @Test
    void whatIsWrittenIsRead() {
        Random random = new Random(1);
        for (int i = 0; i < 1000; i++) {
            Crc32c checksum = new Crc32c(random.nextInt());
            assertThat(Crc32c.parse(checksum.hex())).isEqualTo(checksum);
        }
        assertThat(Crc32c.parse("E3069283")).isEqualTo(new Crc32c(0xe3069283));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "1234567", "123456789", "-1234567", "+1234567", "1234567g", " 1234567", "\u0661\u0662345678"
            })
    void whatIsNoChecksumIsRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Crc32c.parse(text));
    }

    private static Crc32c of(byte[] content) {
        return Crc32c.of(ByteBuffer.wrap(content));
    }

    private static byte[] bytes(int size, long seed) {
        byte[] bytes = new byte[size];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }
}
