package io.blobstore.internal.concurrent;

import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileLockInterruptionException;
import org.jspecify.annotations.Nullable;

/** Recognises failures that an interrupt caused, whichever exception the JDK reports it with. */
public final class Interrupts {
    private static final int MAX_CAUSES = 20; // chains of causes may contain cycles

    private Interrupts() {}

    /** Returns whether a failure, or one of its causes, reports that its thread was interrupted. */
    public static boolean caused(Throwable failure) {
        @Nullable Throwable e = failure;
        for (int depth = 0; e != null && depth < MAX_CAUSES; e = e.getCause(), depth++) {
            if (e instanceof InterruptedException
                    || e instanceof ClosedByInterruptException
                    || e instanceof FileLockInterruptionException
                    || (e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException))) {
                return true;
            }
        }
        return false;
    }
}
