package io.blobstore.transfer;

import java.util.Arrays;

/**
 * The stack trace of a thread that joined a failed transfer: suppressed in the failure, whose own stack trace is that
 * of the worker that failed. So the failure keeps its type, cause and identity.
 *
 * <p>Neither an {@link Exception} nor an {@link Error}, unlike the other failures that may be suppressed there.
 */
final class JoinTrace extends Throwable {
    private static final long serialVersionUID = 1L;

    private JoinTrace(Thread thread) {
        super("the transfer was joined by thread '" + thread.getName() + "'");
    }

    /** Adds the caller's stack trace to a failure, unless the failure already shows it. Returns the failure. */
    static <E extends Throwable> E addTo(E failure) {
        JoinTrace trace = new JoinTrace(Thread.currentThread());
        StackTraceElement[] caller = Arrays.stream(trace.getStackTrace())
                .dropWhile(frame -> frame.getClassName().startsWith(JoinTrace.class.getPackageName() + "."))
                .toArray(StackTraceElement[]::new);
        boolean shown = endsWith(failure, caller)
                || Arrays.stream(failure.getSuppressed())
                        .anyMatch(earlier -> earlier instanceof JoinTrace && endsWith(earlier, caller));
        if (!shown) {
            failure.addSuppressed(trace);
        }
        return failure;
    }

    private static boolean endsWith(Throwable problem, StackTraceElement[] frames) {
        StackTraceElement[] all = problem.getStackTrace();
        int start = all.length - frames.length;
        return frames.length > 0 && start >= 0 && Arrays.equals(all, start, all.length, frames, 0, frames.length);
    }
}
