package io.blobstore.zstd.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class XxHash64Test {
    /** Of the reference implementation: the empty text, and texts of less and of more than 32 bytes. */
    @ParameterizedTest
    @CsvSource({
        "'', ef46db3751d8e999",
        "a, d24ec4f1a98c6e5b",
        "abc, 44bc2cf5ad770999",
        "Nobody inspects the spammish repetition, fbcea83c8a378bf1",
    })
    void theHashIsThatOfTheReferenceImplementation(String text, String hash) {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
        assertThat(Long.toHexString(XxHash64.of(bytes))).isEqualTo(hash);
        assertThat(bytes.position()).isZero();

        ByteBuffer direct =
                ByteBuffer.allocateDirect(bytes.remaining() + 1).put((byte) 7).put(bytes.duplicate());
        assertThat(Long.toHexString(XxHash64.of(direct.flip().position(1)))).isEqualTo(hash);
    }
}
