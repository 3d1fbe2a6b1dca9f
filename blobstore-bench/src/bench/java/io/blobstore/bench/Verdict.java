package io.blobstore.bench;

import java.util.Locale;

/**
 * Whether a threshold is met.
 *
 * @param outcome PASS, FAIL, or OPEN if it could not be measured
 * @param what what is limited
 * @param measured the measured value, or why it is missing
 * @param limit the limit
 */
public record Verdict(String outcome, String what, String measured, String limit) {
    /** Compares the median of a value with the greatest allowed one. */
    public static Verdict atMost(String what, Series value, String remark, double limit, String format) {
        String outcome = value.median() <= limit ? "PASS" : "FAIL";
        return new Verdict(outcome, what, value.describe(format) + remark, limit(limit, format));
    }

    /** Compares the median of a value with the least allowed one. */
    static Verdict atLeast(String what, Series value, double limit) {
        String outcome = value.median() >= limit ? "PASS" : "FAIL";
        return new Verdict(outcome, what, value.describe(), "≥ " + Series.format(limit));
    }

    /** Creates the verdict on a least or greatest allowed value that could not be measured. */
    static Verdict open(String what, String reason, boolean isLeast, double limit) {
        return new Verdict("OPEN", what, reason, isLeast ? "≥ " + Series.format(limit) : limit(limit, "%.2f"));
    }

    /** Creates the verdict on a threshold that could not be measured. */
    public static Verdict open(String what, String reason, double limit, String format) {
        return new Verdict("OPEN", what, reason, limit(limit, format));
    }

    private static String limit(double limit, String format) {
        return "≤ " + String.format(Locale.ROOT, format, limit);
    }

    public boolean isMet() {
        return outcome.equals("PASS");
    }
}
