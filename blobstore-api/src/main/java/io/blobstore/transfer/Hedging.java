package io.blobstore.transfer;

/**
 * When to ask a second time for a part that takes long; whichever answer comes first counts.
 *
 * <p>Done by workers that have no part left to fetch, so for the last parts only, and never with more requests under
 * way than the concurrency; the second answer goes into memory of its own, and is copied from there. See J. Dean and L.
 * A. Barroso, "The Tail at Scale", Communications of the ACM 56(2), 2013.
 *
 * @param percentile of the times that the parts before took, between 0 and 1: a part that takes longer is asked for
 *     again
 * @param minParts how many parts must have arrived before that means anything, 1 or more
 */
public record Hedging(double percentile, int minParts) {
    /** What takes longer than 95 of 100, after 8 parts. */
    public static final Hedging DEFAULT = new Hedging(0.95, 8);

    /** Refuses what is not a percentile, and fewer than 1 part. */
    public Hedging {
        if (!(percentile > 0 && percentile <= 1) || minParts < 1) {
            throw new IllegalArgumentException(
                    "a percentile is more than 0 and at most 1, and needs 1 part or more; got " + percentile + " and "
                            + minParts);
        }
    }
}
