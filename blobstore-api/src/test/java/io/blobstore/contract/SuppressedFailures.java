package io.blobstore.contract;

import java.util.Arrays;
import java.util.List;

/** The failures that are suppressed in another one. */
public final class SuppressedFailures {
    private SuppressedFailures() {}

    /** Returns them, without the stack traces of the threads that joined the transfer. */
    public static List<Throwable> of(Throwable problem) {
        return Arrays.stream(problem.getSuppressed())
                .filter(suppressed -> suppressed instanceof Exception || suppressed instanceof Error)
                .toList();
    }
}
