package io.blobstore.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets a command clean up when the process is told to end, by Ctrl-C or SIGTERM: interrupts it, which every blocking
 * call of the library heeds, and holds the JVM until the guard is closed.
 */
final class ExitGuard implements AutoCloseable {
    /** Long enough to abort an upload, and to delete files; not for ever, should a device hang. */
    private static final long PATIENCE_SECONDS = 60;

    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook = new Thread(this::exit, "blobstore-exit");
    private volatile @Nullable Thread held;

    ExitGuard() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** From now on this thread has something to clean up. Without this, the process just ends. */
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
                System.err.println("blobstore: gave up waiting for the clean-up; something may be left behind");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody should, and nobody is left to tell
        }
    }

    @Override
    public void close() {
        done.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the hook runs, and was just released
        }
    }
}
