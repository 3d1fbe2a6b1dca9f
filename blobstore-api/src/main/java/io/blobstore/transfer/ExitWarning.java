package io.blobstore.transfer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs a warning if the JVM exits while transfers are running: their threads are daemon threads, which do not keep it
 * from exiting. Says nothing if a signal ends the JVM, as the operator wants that.
 *
 * <p>A shutdown hook is registered only while a transfer is running, and belongs to no thread that started one: it
 * keeps no class loader alive that the transfer's own threads do not. The hook only logs, and so delays no exit.
 */
final class ExitWarning {
    private static final Logger LOG = LoggerFactory.getLogger(ExitWarning.class);
    private static final int MOST_LISTED = 3;

    private static final ReentrantLock LOCK = new ReentrantLock();
    // Guarded by LOCK:
    private static final Set<ParallelTransfer<?>> RUNNING = new LinkedHashSet<>();
    private static @Nullable Thread hook;

    private ExitWarning() {}

    /** Warns if the JVM exits before a transfer has ended. */
    static void watch(ParallelTransfer<?> transfer) {
        LOCK.lock();
        try {
            RUNNING.add(transfer);
            if (hook == null) {
                hook = register();
            }
        } finally {
            LOCK.unlock();
        }
        transfer.whenDone(() -> forget(transfer));
    }

    private static void forget(ParallelTransfer<?> transfer) {
        LOCK.lock();
        try {
            RUNNING.remove(transfer);
            if (RUNNING.isEmpty() && hook != null) {
                Runtime.getRuntime().removeShutdownHook(hook);
                hook = null;
            }
        } catch (IllegalStateException e) {
            LOG.trace("The JVM is exiting already", e);
        } finally {
            LOCK.unlock();
        }
    }

    private static @Nullable Thread register() {
        Thread thread = new Thread(null, ExitWarning::warn, "blobstore-exit-warning", 0, false);
        thread.setContextClassLoader(null);
        try {
            Runtime.getRuntime().addShutdownHook(thread);
            return thread;
        } catch (IllegalStateException e) {
            LOG.trace("The JVM is exiting already", e);
            return null;
        }
    }

    private static void warn() {
        if (isEndedBySignal()) {
            return;
        }
        List<String> running = new ArrayList<>();
        LOCK.lock();
        try {
            RUNNING.stream()
                    .filter(transfer -> !transfer.isDone())
                    .map(Object::toString)
                    .forEach(running::add);
        } finally {
            LOCK.unlock();
        }
        if (!running.isEmpty()) {
            int listed = Math.min(MOST_LISTED, running.size());
            LOG.warn(
                    "The JVM exits while transfers are running: {}{}. They end incomplete unless a shutdown hook waits"
                            + " for them. Join the transfers or close the TransferManager before the main method"
                            + " returns.",
                    String.join(", ", running.subList(0, listed)),
                    running.size() > listed ? " and " + (running.size() - listed) + " more" : "");
        }
    }

    /** Returns whether the thread that the JVM runs a signal's handler in is waiting for the shutdown hooks. */
    private static boolean isEndedBySignal() {
        return Thread.getAllStackTraces().values().stream()
                .flatMap(Arrays::stream)
                .anyMatch(frame -> frame.getClassName().startsWith("java.lang.Terminator"));
    }
}
