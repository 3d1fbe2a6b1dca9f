package io.blobstore.bench;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Which bars were kept. */
final class Verdicts {
    private final List<String> lines = new ArrayList<>();
    private boolean allKept = true;

    /** A bar that a value is to stay at or below. */
    void atMost(String what, double value, double limit, String format) {
        boolean kept = value <= limit;
        add(
                kept ? "PASS" : "FAIL",
                what + ": " + String.format(Locale.ROOT, format, value) + ", bar "
                        + String.format(Locale.ROOT, format, limit));
        allKept &= kept;
    }

    /** A bar that could not be measured. */
    void open(String what, String reason) {
        add("OPEN", what + ": " + reason);
        allKept = false;
    }

    private void add(String verdict, String text) {
        lines.add(verdict + "  " + text);
    }

    /** Whether there was no bar that failed, or is open. */
    boolean allKept() {
        return allKept;
    }

    /** All of them. */
    void print(PrintWriter out) {
        out.println("\nBars");
        lines.forEach(line -> out.println("  " + line));
    }
}
