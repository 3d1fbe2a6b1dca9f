package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.transfer.TransferProgress;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgressBarTest {
    @TempDir
    Path directory;

    private final StringWriter screen = new StringWriter();

    @Test
    void showsShareAmountRateAndRemainingTime() {
        assertThat(ProgressLine.of("Storing f", 3L << 30, 4L << 30, 2, 200))
                .isEqualTo("Storing f  75% [############....] 3.0 GiB of 4.0 GiB, 1.5 GiB/s, 1 s left");
        assertThat(ProgressLine.of("x", 0, 0, 0, 200))
                .isEqualTo("x 100% [################] 0 bytes of 0 bytes, 0 bytes/s");
        assertThat(ProgressLine.of("x", 999, 1000, 1, 200)).startsWith("x  99% ");
        assertThat(ProgressLine.of("x", 0, 1000, 5, 200)).doesNotContain("left");
        assertThat(ProgressLine.of("x", 1000, 1000, 5, 200)).doesNotContain("left");
    }

    @Test
    void remainingTimeHasTheTwoLargestUnits() {
        assertThat(ProgressLine.duration(0.2)).isEqualTo("1 s");
        assertThat(ProgressLine.duration(59.5)).isEqualTo("1 min 0 s");
        assertThat(ProgressLine.duration(200)).isEqualTo("3 min 20 s");
        assertThat(ProgressLine.duration(3599.9)).isEqualTo("1 h 0 min");
        assertThat(ProgressLine.duration(7441)).isEqualTo("2 h 5 min");
        assertThat(ProgressLine.duration(1e18)).isEqualTo("more than 99 h");
    }

    @Test
    void aLineFitsAnyTerminal() {
        long most = (1L << 40) - 1;
        for (int columns = 0; columns < 150; columns++) {
            assertThat(ProgressLine.of("Compressing", most / 3, most, 7000, columns))
                    .hasSizeLessThanOrEqualTo(columns);
            assertThat(ProgressLine.throttled("Compressing", most / 3, most, Duration.ofSeconds(120), columns))
                    .hasSizeLessThanOrEqualTo(columns);
        }
        assertThat(ProgressLine.of("Storing", 1 << 30, 4L << 30, 20, 60))
                .isEqualTo("Storing  25% 1.0 GiB of 4.0 GiB, 51.2 MiB/s, 1 min 0 s left");
        assertThat(ProgressLine.of("Storing", 1 << 30, 4L << 30, 20, 40))
                .isEqualTo("Storing  25% 51.2 MiB/s, 1 min 0 s left");
        assertThat(ProgressLine.of("Storing", 1 << 30, 4L << 30, 20, 30)).isEqualTo("Storing  25%, 1 min 0 s left");
        assertThat(ProgressLine.of("Storing", 1 << 30, 4L << 30, 20, 20)).isEqualTo("Storing  25%");
    }

    @Test
    void withoutATotalItShowsWhatWasDoneRateAndElapsedTime() {
        OptionalLong none = OptionalLong.empty();
        OptionalLong files = OptionalLong.of(1234);
        assertThat(ProgressLine.ofUnknownTotal("Storing", none, 3L << 30, 20, 79))
                .isEqualTo("Storing 3.0 GiB, 153.6 MiB/s, 20 s");
        assertThat(ProgressLine.ofUnknownTotal("Copying", files, 3L << 30, 200, 79))
                .isEqualTo("Copying 1234 files, 3.0 GiB, 15.4 MiB/s, 3 min 20 s");
        assertThat(ProgressLine.ofUnknownTotal("Copying", files, 3L << 30, 200, 45))
                .isEqualTo("Copying 1234 files, 3.0 GiB, 15.4 MiB/s");
        assertThat(ProgressLine.ofUnknownTotal("Copying", files, 3L << 30, 200, 30))
                .isEqualTo("Copying 1234 files, 3.0 GiB");
        assertThat(ProgressLine.ofUnknownTotal("Copying", files, 3L << 30, 200, 20))
                .isEqualTo("Copying 1234 files");
        assertThat(ProgressLine.ofUnknownTotal("Deleting", files, 0, 2, 79)).isEqualTo("Deleting 1234 files, 2 s");
        assertThat(ProgressLine.ofUnknownTotal("Collecting", none, 0, 2, 79)).isEqualTo("Collecting 2 s");
        assertThat(ProgressLine.ofUnknownTotal("Storing", none, 1, 0, 79)).startsWith("Storing 1 bytes, ");
        for (int columns = 0; columns < 100; columns++) {
            assertThat(ProgressLine.ofUnknownTotal("Transferring", files, 3L << 40, 1e9, columns))
                    .hasSizeLessThanOrEqualTo(columns);
        }
    }

    @Test
    void theLineWithoutATotalIsPaintedInPlace() {
        try (ProgressBar bar = ProgressBar.visible(new PrintWriter(screen), "Copying", false, 60)
                .counting(() -> 7)) {
            bar.show(5 << 20, TransferProgress.UNKNOWN);
        }
        try (ProgressBar bar = ProgressBar.visible(new PrintWriter(screen), "Storing", false, 60)) {
            bar.show(5 << 20, TransferProgress.UNKNOWN);
        }

        assertThat(screen.toString())
                .matches("\rCopying 7 files, 5\\.0 MiB, .*/s, 1 s\r *\r" + "\rStoring 5\\.0 MiB, .*/s, 1 s\r *\r");
    }

    @Test
    void showsHowLongTheStoreThrottles() {
        Duration delay = Duration.ofMillis(7001);
        assertThat(ProgressLine.throttled("Storing f", 3L << 30, 4L << 30, delay, 79))
                .isEqualTo("Storing f 3.0 GiB of 4.0 GiB; throttled, next attempt in 8 s");
        assertThat(ProgressLine.throttled("x", 0, TransferProgress.UNKNOWN, Duration.ofSeconds(8), 79))
                .isEqualTo("x throttled, next attempt in 8 s");

        try (ProgressBar bar = ProgressBar.visible(new PrintWriter(screen), "x", false, 80)) {
            bar.show(0, TransferProgress.UNKNOWN, Optional.of(delay));
        }
        assertThat(screen.toString()).startsWith("\rx throttled, next attempt in 8 s\r");
    }

    @Test
    void erasesItsLine() {
        try (ProgressBar bar = ProgressBar.visible(new PrintWriter(screen), "x", false, 80)) {
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
    void doesNotWrapWhereTheTerminalCanTurnThatOff() {
        try (ProgressBar bar = ProgressBar.visible(new PrintWriter(screen), "x", true, 30)) {
            bar.show(1, 2);
        }

        assertThat(screen.toString()).matches("(\r\u001b\\[\\?7l[^\u001b]{0,29}\u001b\\[\\?7h){2}\r");
    }

    @Test
    void isNotPaintedWithoutATerminal() throws IOException {
        Path file = Cli.file(directory.resolve("file"), 9 << 20);

        Cli upload = Cli.run("upload", file, "--store", "mem:");

        assertThat(upload.code()).isZero();
        assertThat(upload.err()).isEmpty();
    }

    @Test
    void theWidthIsThatOfTheScriptOrOfColumns() {
        assertThat(Terminal.columns(Map.of())).isEqualTo(80);
        assertThat(Terminal.columns(Map.of("COLUMNS", "40"))).isEqualTo(40);
        assertThat(Terminal.columns(Map.of("COLUMNS", "0"))).isEqualTo(80);
        assertThat(Terminal.columns(Map.of("COLUMNS", "wide"))).isEqualTo(80);
        assertThat(Terminal.hasEscapes(Map.of())).isFalse();
        assertThat(Terminal.hasEscapes(Map.of("TERM", "dumb"))).isFalse();
        assertThat(Terminal.hasEscapes(Map.of("TERM", "xterm"))).isTrue();
    }
}
