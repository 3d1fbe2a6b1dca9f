package io.blobstore.bench;

import java.time.Duration;

/**
 * How long a client works before it is measured. Code that runs once per request is compiled after thousands of
 * requests, which are gigabytes of content; so a client first rehearses with little content.
 *
 * @param rehearsal the time with little content
 * @param least the minimum time with all content; then it continues until the JIT compilers are idle
 * @param most the maximum time with all content
 */
record WarmUp(Duration rehearsal, Duration least, Duration most) {
    /** The share of the CPU time that idle compilers may use. */
    private static final double IDLE_COMPILERS = 0.02;

    static WarmUp ofSeconds(int rehearsal, int least, int most) {
        return new WarmUp(Duration.ofSeconds(rehearsal), Duration.ofSeconds(least), Duration.ofSeconds(most));
    }

    /** Returns a warm-up of {@code seconds} for each phase, and up to a minute more; 0 is none at all. */
    static WarmUp ofSeconds(int seconds) {
        return ofSeconds(seconds, seconds, seconds == 0 ? 0 : seconds + 60);
    }

    @Override
    public String toString() {
        return "rehearsal " + rehearsal.toSeconds() + " s, warm-up " + least.toSeconds() + " to " + most.toSeconds()
                + " s";
    }

    /** Returns whether the warm-up is over after {@code seconds} with all content, given the last step. */
    boolean isOver(double seconds, Measurement last) {
        return seconds >= most.toSeconds()
                || (seconds >= least.toSeconds() && last.compilerSeconds() <= IDLE_COMPILERS * last.cpuSeconds());
    }
}
