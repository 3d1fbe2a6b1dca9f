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
            throw new IllegalArgumentException(PROPERTY + " must be more than 0; got " + SCALE);
        }
    }

    private CampaignScale() {}

    /** Returns the number of repetitions that corresponds to {@code full} ones in the campaign tier; at least 1. */
    public static int of(int full) {
        return of(full, 1);
    }

    /**
     * Returns the number of repetitions that corresponds to {@code full} ones in the campaign tier.
     *
     * @param atLeast the smallest number with which the test is meaningful
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
