package io.blobstore.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets a command clean up when Ctrl-C or SIGTERM terminates the process: interrupts the command's thread, to which all
 * blocking calls of the library respond, and delays the JVM's exit until the guard is closed.
 */
final class ExitGuard implements AutoCloseable {
    /** Long enough to abort an upload and to delete files; bounded, as a device may hang. */
    private static final long PATIENCE_SECONDS = 60;

    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook = new Thread(this::exit, "blobstore-exit");
    private volatile @Nullable Thread held;

    ExitGuard() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Registers the calling thread as one that has to clean up. Without it, the process exits at once. */
    void hold() {
        held = Thread.currentThread();
    }

    private void exit() {
        Thread command = held;
        if (command == null) {
            return;
        }
        command.interrupt();
        try {
            if (!done.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                System.err.println(
                        "blobstore: the cleanup timed out; temporary files or unfinished uploads may remain");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the JVM exits
        }
    }

    @Override
    public void close() {
        done.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The hook is running, and was just released.
        }
    }
}
