package io.blobstore.cli;

import io.blobstore.transfer.TransferProgress;
import java.io.PrintWriter;
import java.io.Writer;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A progress bar on one line of the terminal, repainted in place and erased at the end.
 *
 * <p>Painted by the thread that waits for the transfer, and never by the transfer's threads: a terminal may block
 * (Ctrl-S), and a transfer must not. Not thread-safe.
 */
final class ProgressBar implements AutoCloseable {
    private static final long REPAINT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Without wrapping, a line that is too long is cut off, also when the terminal was made narrower meanwhile. */
    private static final String NO_WRAP = "\u001b[?7l";

    private static final String WRAP = "\u001b[?7h";

    private final PrintWriter err;
    private final String title;
    private final boolean visible;
    private final boolean escapes;
    private final int columns;
    private Optional<LongSupplier> files = Optional.empty();
    private final long start = System.nanoTime();
    private long painted = start - REPAINT_NANOS;
    private int length;

    private ProgressBar(PrintWriter err, String title, boolean visible, boolean escapes, int columns) {
        this.err = err;
        this.title = title;
        this.visible = visible;
        this.escapes = escapes;
        this.columns = columns;
    }

    /** Creates a bar that is always visible, in a terminal of that width. */
    static ProgressBar visible(PrintWriter err, String title, boolean escapes, int columns) {
        return new ProgressBar(err, title, true, escapes, columns);
    }

    /** Creates a bar that paints nothing. */
    static ProgressBar invisible() {
        return new ProgressBar(new PrintWriter(Writer.nullWriter()), "", false, false, 0);
    }

    /** Shows a number of files too, while the total is unknown. */
    ProgressBar counting(LongSupplier number) {
        files = Optional.of(number);
        return this;
    }

    /** Shows the progress, at most ten times a second. */
    void show(long done, long total) {
        show(done, total, Optional.empty());
    }

    /**
     * Shows the progress, at most ten times a second.
     *
     * @param total in bytes, or {@link TransferProgress#UNKNOWN}
     * @param throttleDelay the time until the next request, if the store throttles
     */
    void show(long done, long total, Optional<Duration> throttleDelay) {
        long now = System.nanoTime();
        if (visible && now - painted >= REPAINT_NANOS) {
            painted = now;
            int room = columns - 1; // the cursor is behind the line
            paint(throttleDelay
                    .map(delay -> ProgressLine.throttled(title, done, total, delay, room))
                    .orElseGet(() -> line(done, total, (now - start) / 1e9, room)));
        }
    }

    private String line(long done, long total, double seconds, int room) {
        if (total != TransferProgress.UNKNOWN) {
            return ProgressLine.of(title, done, total, seconds, room);
        }
        OptionalLong number =
                files.map(LongSupplier::getAsLong).map(OptionalLong::of).orElseGet(OptionalLong::empty);
        return ProgressLine.ofUnknownTotal(title, number, done, seconds, room);
    }

    private void paint(String line) {
        String padded = line + " ".repeat(Math.max(0, length - line.length()));
        err.print("\r" + (escapes ? NO_WRAP + padded + WRAP : padded));
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
}
