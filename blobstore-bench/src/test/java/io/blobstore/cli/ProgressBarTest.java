package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.transfer.TransferProgress;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
    private final StringWriter screen = new StringWriter();

    @Test
    void showsShareAmountAndRate() {
        assertThat(ProgressBar.line("Storing f", 3L << 30, 4L << 30, 2))
                .isEqualTo("Storing f  75% [############....] 3.0 GiB of 4.0 GiB, 1.5 GiB/s");
        assertThat(ProgressBar.line("x", 0, 0, 0)).isEqualTo("x 100% [################] 0 bytes of 0 bytes, 0 bytes/s");
        assertThat(ProgressBar.line("x", 999, 1000, 1)).startsWith("x  99% ");
        long most = (1L << 40) - 1;
        assertThat(ProgressBar.line("Reading back    ", most, most, 1)).hasSizeLessThanOrEqualTo(80);
    }

    @Test
    void showsHowLongTheStoreThrottles() {
        Duration delay = Duration.ofMillis(7001);
        long most = (1L << 40) - 1;
        assertThat(ProgressBar.throttledLine("Storing f", 3L << 30, 4L << 30, delay))
                .isEqualTo("Storing f 3.0 GiB of 4.0 GiB; throttled, next attempt in 8 s");
        assertThat(ProgressBar.throttledLine("x", 0, TransferProgress.UNKNOWN, Duration.ofSeconds(8)))
                .isEqualTo("x throttled, next attempt in 8 s");
        assertThat(ProgressBar.throttledLine("Reading back    ", most, most, Duration.ofSeconds(120)))
                .hasSizeLessThanOrEqualTo(80);

        try (ProgressBar bar = ProgressBar.visible(new PrintWriter(screen), "x")) {
            bar.show(0, TransferProgress.UNKNOWN, Optional.of(delay));
        }
        assertThat(screen.toString()).startsWith("\rx throttled, next attempt in 8 s\r");
    }

    @Test
    void erasesItsLine() {
        try (ProgressBar bar = ProgressBar.visible(new PrintWriter(screen), "x")) {
            bar.show(1, 2);
            bar.show(2, 2); // too soon after the first to be painted
        }

        String[] painted = screen.toString().substring(1).split("\r", -1);
        assertThat(painted).hasSize(3);
        assertThat(painted[0]).startsWith("x  50%");
        assertThat(painted[1]).isBlank().hasSameSizeAs(painted[0]);
        assertThat(painted[2]).isEmpty();
    }

    @Test
    void isNotPaintedWithoutATerminal() {
        try (ProgressBar bar = ProgressBar.onTerminal(new PrintWriter(screen), "x")) {
            bar.show(1, 2);
        }

        assertThat(screen.toString()).isEmpty();
    }
}
