package io.blobstore.cli;

import io.blobstore.transfer.TransferProgress;
import java.io.Console;
import java.io.PrintWriter;
import java.io.Writer;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A progress bar on one line of the terminal, repainted in place and erased at the end.
 *
 * <p>Painted by the thread that waits for the transfer, and never by the transfer's threads: a terminal may block
 * (Ctrl-S), and a transfer must not. Not thread-safe.
 */
final class ProgressBar implements AutoCloseable {
    /** The longest title and sizes fit 80 columns: a wrapped line could not be repainted. */
    private static final int WIDTH = 16;

    private static final long REPAINT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final PrintWriter err;
    private final String title;
    private final boolean visible;
    private final long start = System.nanoTime();
    private long painted = start - REPAINT_NANOS;
    private int length;

    private ProgressBar(PrintWriter err, String title, boolean visible) {
        this.err = err;
        this.title = title;
        this.visible = visible;
    }

    /** Creates a bar that is visible only on a terminal. */
    static ProgressBar onTerminal(PrintWriter err, String title) {
        return new ProgressBar(err, title, isTerminal());
    }

    /** Creates a bar that is always visible. */
    static ProgressBar visible(PrintWriter err, String title) {
        return new ProgressBar(err, title, true);
    }

    /** Creates a bar that paints nothing. */
    static ProgressBar invisible() {
        return new ProgressBar(new PrintWriter(Writer.nullWriter()), "", false);
    }

    /** Shows the progress, at most ten times a second. */
    void show(long done, long total) {
        show(done, total, Optional.empty());
    }

    /**
     * Shows the progress, at most ten times a second.
     *
     * @param throttleDelay the time until the next request, if the store throttles
     */
    void show(long done, long total, Optional<Duration> throttleDelay) {
        long now = System.nanoTime();
        boolean known = total != TransferProgress.UNKNOWN;
        if (visible && (known || throttleDelay.isPresent()) && now - painted >= REPAINT_NANOS) {
            painted = now;
            paint(throttleDelay
                    .map(delay -> throttledLine(title, done, total, delay))
                    .orElseGet(() -> line(title, done, total, (now - start) / 1e9)));
        }
    }

    /** Formats the line while no request is sent because the store throttles. */
    static String throttledLine(String title, long done, long total, Duration delay) {
        long seconds = delay.plusNanos(999_999_999).toSeconds();
        boolean known = total != TransferProgress.UNKNOWN;
        String amount = known ? " " + ByteSize.text(done) + " of " + ByteSize.text(total) + ";" : "";
        return title + amount + " throttled, next attempt in " + seconds + " s";
    }

    /** Formats the line. */
    static String line(String title, long done, long total, double seconds) {
        double share = total == 0 ? 1 : (double) done / total;
        int filled = (int) (share * WIDTH);
        double rate = seconds == 0 ? 0 : done / seconds;
        return String.format(
                Locale.ROOT,
                "%s %3.0f%% [%s%s] %s of %s, %s/s",
                title,
                Math.floor(share * 100), // 100 % only when it is complete
                "#".repeat(filled),
                ".".repeat(WIDTH - filled),
                ByteSize.text(done),
                ByteSize.text(total),
                ByteSize.text((long) rate));
    }

    private void paint(String line) {
        err.print("\r" + line + " ".repeat(Math.max(0, length - line.length())));
        err.flush();
        length = line.length();
    }

    /** Erases the line. */
    @Override
    public void close() {
        if (length > 0) {
            paint("");
            err.print("\r");
            err.flush();
        }
    }

    @SuppressWarnings("SystemConsoleNull") // it does, before JDK 22
    private static boolean isTerminal() {
        Console console = System.console();
        if (console == null || "off".equals(System.getProperty("blobstore.progress"))) {
            return false;
        }
        try { // since JDK 22 there is a console without a terminal too
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException before22) {
            return true;
        }
    }
}
