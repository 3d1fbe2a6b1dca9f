package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlobKeyTest {
    /** Code points at and next to the boundaries of UTF-8 lengths and UTF-16 surrogates. */
    private static final int[] CODE_POINTS = {
        1, '-', '.', '/', '0', 'a', 'b', 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x10001,
        0x1F600, 0x10FFFF
    };

    @Test
    void keysAreOrderedByTheirUtf8Bytes() {
        for (long seed = 0; seed < 20_000; seed++) {
            Random random = new Random(seed);
            String a = text(random);
            String b = random.nextBoolean() ? text(random) : a.substring(0, a.offsetByCodePoints(0, 1)) + text(random);
            int expected =
                    Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

            assertThat(Integer.signum(BlobKey.of(a).compareTo(BlobKey.of(b))))
                    .as("seed %d: '%s' against '%s'", seed, a, b)
                    .isEqualTo(Integer.signum(expected));
        }
    }

    @Test
    void orderAgreesWithEquality() {
        BlobKey key = BlobKey.of("a/b");

        assertThat(key).isEqualTo(BlobKey.of("a/b")).hasSameHashCodeAs(BlobKey.of("a/b"));
        assertThat(key).isEqualByComparingTo(BlobKey.of("a/b"));
        assertThat(key).isNotEqualTo(BlobKey.of("a/c"));
        assertThat(key).isLessThan(BlobKey.of("a/b/"));
    }

    @Test
    void aSortedListIsInOrder() {
        List<BlobKey> keys = new ArrayList<>(List.of(
                BlobKey.of("\uD83D\uDE00"),
                BlobKey.of("\uFFFD"),
                BlobKey.of("\u00E9"),
                BlobKey.of("a"),
                BlobKey.of("A")));

        Collections.sort(keys);

        assertThat(keys).extracting(BlobKey::toString).containsExactly("A", "a", "\u00E9", "\uFFFD", "\uD83D\uDE00");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", " a ", "/a//b/../c/.", "a%20b", "\u00E9", "e\u0301", "\uD83D\uDE00", "\0", "A\nb"})
    void aKeyIsNeverNormalised(String name) {
        assertThat(BlobKey.of(name)).hasToString(name);
    }

    @Test
    void composedAndDecomposedLettersAreTwoKeys() {
        assertThat(BlobKey.of("\u00E9")).isNotEqualTo(BlobKey.of("e\u0301"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\uD83D", "\uDE00", "a\uD83Db", "\uDE00\uD83D"})
    void whatIsNoTextIsRefused(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> BlobKey.of(name));
    }

    @Test
    void aKeyHasAtMost1024BytesOfUtf8() {
        assertThat(BlobKey.of("a".repeat(1024)).toString()).hasSize(1024);
        assertThat(BlobKey.of("\u00E9".repeat(512)).toString()).hasSize(512);
        assertThat(BlobKey.of("\uD83D\uDE00".repeat(256)).toString()).hasSize(512);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlobKey.of("a".repeat(1025)))
                .withMessageContaining("1025");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlobKey.of("\u00E9".repeat(512) + "a"))
                .withMessageContaining("1025");
        assertThatIllegalArgumentException().isThrownBy(() -> BlobKey.of("\uD83D\uDE00".repeat(256) + "a"));
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(4); i >= 0; i--) {
            text.appendCodePoint(CODE_POINTS[random.nextInt(CODE_POINTS.length)]);
        }
        return text.toString();
    }
}
