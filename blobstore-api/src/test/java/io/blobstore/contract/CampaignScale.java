package io.blobstore.contract;

/**
 * The scale of the tests that repeat something at random moments, or over many seeds: the quick tier runs a tenth of
 * the campaign tier's counts. Set by the system property {@value #PROPERTY}, which {@link ChildJvm} passes on.
 */
public final class CampaignScale {
    /** A number above 0; 0.1 by default, 1 in the campaign tier. */
    public static final String PROPERTY = "campaign.scale";

    private static final double SCALE = Double.parseDouble(System.getProperty(PROPERTY, "0.1"));

    static {
        if (!(SCALE > 0)) {
            throw new IllegalArgumentException(PROPERTY + " must be above 0, and is " + SCALE);
        }
    }

    private CampaignScale() {}

    /** Returns how often to do what the campaign tier does {@code full} times; at least once. */
    public static int of(int full) {
        return of(full, 1);
    }

    /**
     * Returns how often to do what the campaign tier does {@code full} times.
     *
     * @param atLeast the fewest with which the test says something
     */
    public static int of(int full, int atLeast) {
        return (int) Math.max(atLeast, Math.min(Integer.MAX_VALUE, Math.round(full * SCALE)));
    }

    /** Returns whether all counts are those of the campaign tier, or more. */
    public static boolean isFull() {
        return SCALE >= 1;
    }

    /** Returns the option of the {@code java} command that gives another JVM the same scale. */
    static String jvmOption() {
        return "-D" + PROPERTY + "=" + SCALE;
    }
}
