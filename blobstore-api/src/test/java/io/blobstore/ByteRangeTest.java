package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class ByteRangeTest {
    private static final long MAX = Long.MAX_VALUE;

    @Test
    void negativeAndOverflowingRangesAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> ByteRange.of(-1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> ByteRange.of(1, -1));
        assertThatIllegalArgumentException().isThrownBy(() -> ByteRange.from(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> ByteRange.of(1, MAX));
        assertThatIllegalArgumentException().isThrownBy(() -> ByteRange.atMost(MAX, 1));
        assertThat(ByteRange.of(0, MAX).length()).isEqualTo(MAX);
        assertThat(ByteRange.of(MAX, 0).offset()).isEqualTo(MAX);
        assertThat(ByteRange.from(MAX).offset()).isEqualTo(MAX);
    }

    @Test
    void allIsFromTheStart() {
        assertThat(ByteRange.all()).isEqualTo(ByteRange.from(0)).hasToString("the whole blob");
        assertThat(ByteRange.of(3, 4)).hasToString("range of 4 bytes at 3");
        assertThat(ByteRange.atMost(3, 4)).hasToString("range of at most 4 bytes at 3");
        assertThat(ByteRange.from(3)).hasToString("range from 3 to the end");
    }
}
