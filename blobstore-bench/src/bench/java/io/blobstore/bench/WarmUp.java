package io.blobstore.bench;

import java.time.Duration;

/**
 * How long a client works before it is measured: what is compared is steady work, and not whose start is the quicker.
 * Code that runs once for a request is compiled after thousands of them, which are gigabytes; so a client rehearses
 * with hardly any content first, and moves the whole content then.
 *
 * @param rehearsal so long with hardly any content
 * @param least so long with all of it in any case, and then until its JVM's compilers rest
 * @param most no longer than that with all of it
 */
record WarmUp(Duration rehearsal, Duration least, Duration most) {
    /** Of the CPU time of a process, what its compilers may still take. */
    private static final double COMPILERS_REST = 0.02;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** As a command line has it: that long each, and then for a minute at most; 0 is none at all. */
    static WarmUp ofSeconds(int seconds) {
        Duration least = Duration.ofSeconds(seconds);
        return new WarmUp(least, least, seconds == 0 ? least : least.plus(PATIENCE));
    }

    /** In a few words, with a comma behind. */
    String describe() {
        return (rehearsal.isZero() ? "" : "rehearsal: " + rehearsal.toSeconds() + " s, ") + "warm-up: "
                + least.toSeconds() + " to " + most.toSeconds() + " s, ";
    }

    /**
     * Whether it is over, after {@code seconds} with all content, the last stretch of which took what {@code last}
     * says.
     */
    boolean isOver(double seconds, Measurement last) {
        return seconds >= most.toSeconds()
                || (seconds >= least.toSeconds() && last.compileSeconds() <= COMPILERS_REST * last.cpuSeconds());
    }
}
