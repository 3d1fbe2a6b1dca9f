package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
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
