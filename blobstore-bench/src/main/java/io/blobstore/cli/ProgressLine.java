package io.blobstore.cli;

import io.blobstore.transfer.TransferProgress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * The text of a progress bar: share, bar, amounts, rate and remaining time; where the total is unknown, amounts, rate
 * and elapsed time. The less important ones are left out where the terminal is narrow.
 */
final class ProgressLine {
    private static final int BAR_WIDTH = 16;

    private ProgressLine() {}

    /**
     * Formats the line.
     *
     * @param total 0 or more, in bytes
     * @param seconds the time since the start
     * @param columns the most characters of the line
     */
    static String of(String title, long done, long total, double seconds, int columns) {
        double share = total == 0 ? 1 : (double) done / total;
        double rate = seconds == 0 ? 0 : done / seconds;
        int filled = (int) (share * BAR_WIDTH);
        // 100 % only when it is complete.
        String percent = String.format(Locale.ROOT, "%s %3.0f%%", title, Math.floor(share * 100));
        String bar = " [" + "#".repeat(filled) + ".".repeat(BAR_WIDTH - filled) + "]";
        String amounts = " " + ByteSize.text(done) + " of " + ByteSize.text(total);
        String speed = ByteSize.text((long) rate) + "/s";
        String left = done >= total || rate < 1 ? "" : ", " + duration((total - done) / rate) + " left";
        return longest(
                columns,
                List.of(
                        percent + bar + amounts + ", " + speed + left,
                        percent + amounts + ", " + speed + left,
                        percent + bar + " " + speed + left,
                        percent + " " + speed + left,
                        percent + left,
                        percent));
    }

    /**
     * Formats the line of a transfer whose total is unknown.
     *
     * @param files the number of files that were transferred; empty if files are not counted
     * @param seconds the time since the start
     * @param columns the most characters of the line
     */
    static String ofUnknownTotal(String title, OptionalLong files, long done, double seconds, int columns) {
        String counted = title + (files.isPresent() ? " " + files.getAsLong() + " files" : "");
        String separator = files.isPresent() ? ", " : " ";
        String elapsed = duration(seconds);
        if (done == 0) {
            return longest(columns, List.of(counted + separator + elapsed, counted, title));
        }
        String amounts = counted + separator + ByteSize.text(done);
        String speed = ", " + ByteSize.text((long) (done / Math.max(seconds, 1e-3))) + "/s";
        return longest(columns, List.of(amounts + speed + ", " + elapsed, amounts + speed, amounts, counted, title));
    }

    /** Formats the line while no request is sent because the store throttles. */
    static String throttled(String title, long done, long total, Duration delay, int columns) {
        long seconds = delay.plusNanos(999_999_999).toSeconds();
        boolean known = total != TransferProgress.UNKNOWN;
        String amounts = known ? " " + ByteSize.text(done) + " of " + ByteSize.text(total) + ";" : "";
        return longest(
                columns,
                List.of(
                        title + amounts + " throttled, next attempt in " + seconds + " s",
                        title + " throttled, next attempt in " + seconds + " s",
                        "throttled, " + seconds + " s"));
    }

    private static String longest(int columns, List<String> lines) {
        for (String line : lines) {
            if (line.length() <= columns) {
                return line;
            }
        }
        String shortest = lines.get(lines.size() - 1);
        return shortest.substring(0, Math.min(shortest.length(), Math.max(0, columns)));
    }

    /** Formats a duration in its two largest units, rounded up: {@code 45 s}, {@code 3 min 20 s}, {@code 2 h 5 min}. */
    static String duration(double seconds) {
        if (seconds >= 100 * 3600) {
            return "more than 99 h";
        }
        long whole = (long) Math.ceil(seconds);
        if (whole < 60) {
            return whole + " s";
        }
        if (whole < 3600) {
            return whole / 60 + " min " + whole % 60 + " s";
        }
        long minutes = (whole + 59) / 60;
        return minutes / 60 + " h " + minutes % 60 + " min";
    }
}
