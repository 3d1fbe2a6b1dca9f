package io.blobstore.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.blobstore.BlobKey;
import io.blobstore.ByteRange;
import io.blobstore.RangeNotSatisfiableException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ByteRangesTest {
    private static final BlobKey KEY = BlobKey.of("key");

    @ParameterizedTest(name = "{0}({1}, {2}) of a blob of {3}, target of {4}: {5}")
    @CsvSource({
        "EXACT, 0, 10, 10, 10, 10",
        "EXACT, 3, 4, 10, 4, 4",
        "EXACT, 3, 4, 10, 100, 4",
        "EXACT, 10, 0, 10, 0, 0",
        "EXACT, 0, 0, 0, 0, 0",
        "AT_MOST, 0, 10, 10, 10, 10",
        "AT_MOST, 3, 100, 10, 100, 7",
        "AT_MOST, 3, 100, 10, 5, 5",
        "AT_MOST, 10, 100, 10, 5, 0",
        "AT_MOST, 0, 9223372036854775807, 10, 20, 10",
        "TO_END, 0, 9223372036854775807, 10, 10, 10",
        "TO_END, 4, 9223372036854775807, 10, 6, 6",
        "TO_END, 10, 9223372036854775807, 10, 0, 0",
        "TO_END, 5, 9223372036854775807, 9223372036854775807, 9223372036854775807, 9223372036854775802"
    })
    void aRangeDenotes(ByteRange.Kind kind, long offset, long length, long blob, long target, long bytes)
            throws Exception {
        assertThat(ByteRanges.resolve(new ByteRange(offset, length, kind), KEY, blob, target))
                .isEqualTo(ByteRange.of(offset, bytes));
    }

    @ParameterizedTest(name = "the last {0} of {1} bytes: {3} at {2}")
    @CsvSource({"3, 10, 7, 3", "10, 10, 0, 10", "11, 10, 0, 10", "0, 10, 10, 0", "5, 0, 0, 0"})
    void aSuffixDenotes(long length, long blob, long offset, long bytes) throws Exception {
        assertThat(ByteRanges.resolve(ByteRange.last(length), KEY, blob, length))
                .isEqualTo(ByteRange.of(offset, bytes));
    }

    @ParameterizedTest(name = "{0}({1}, {2}) of a blob of {3}, target of {4}")
    @CsvSource({
        "EXACT, 0, 11, 10, 100",
        "EXACT, 10, 1, 10, 100",
        "EXACT, 11, 0, 10, 100",
        "AT_MOST, 11, 5, 10, 100",
        "TO_END, 11, 9223372036854775807, 10, 100",
        "TO_END, 0, 9223372036854775807, 10, 9"
    })
    void aRangeIsRefused(ByteRange.Kind kind, long offset, long length, long blob, long target) {
        assertThatExceptionOfType(RangeNotSatisfiableException.class)
                .isThrownBy(() -> ByteRanges.resolve(new ByteRange(offset, length, kind), KEY, blob, target))
                .satisfies(e -> assertThat(e.key()).contains(KEY));
    }

    @Test
    void onlyAnExactRangeAndASuffixNeedRoom() {
        assertThatIllegalArgumentException().isThrownBy(() -> ByteRanges.requireRoom(ByteRange.last(10), 9));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> ByteRanges.requireRoom(ByteRange.of(5, 10), 9))
                .withMessageContaining("10")
                .withMessageContaining("9");
        assertThatNoException().isThrownBy(() -> {
            ByteRanges.requireRoom(ByteRange.of(5, 10), 10);
            ByteRanges.requireRoom(ByteRange.of(5, 0), 0);
            ByteRanges.requireRoom(ByteRange.atMost(5, 10), 0);
            ByteRanges.requireRoom(ByteRange.all(), 0);
        });
    }
}
