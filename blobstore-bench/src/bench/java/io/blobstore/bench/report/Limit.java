package io.blobstore.bench.report;

/**
 * A bar, and whether it was kept. Values come as text, since each bar has its own unit.
 *
 * @param text what is limited
 * @param measured what was measured, or why nothing was
 * @param limit what it is to stay within
 */
public record Limit(String text, String measured, String limit, Verdict verdict) {
    /** What came out. */
    public enum Verdict {
        PASS,
        FAIL,
        /** It could not be measured. */
        OPEN
    }
}
