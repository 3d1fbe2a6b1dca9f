package io.blobstore.bench;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The anonymous memory of this process, looked at by a thread of its own. Linux only; 0 elsewhere. */
public final class ResidentMemory {
    private static final long BETWEEN_LOOKS = TimeUnit.MILLISECONDS.toNanos(20);

    private final AnonymousMemory memory =
            new AnonymousMemory(ProcessHandle.current().pid());
    private final long idle = memory.current();

    private ResidentMemory() {}

    /** Begins to look; goes on until the JVM ends. */
    public static ResidentMemory watch() {
        ResidentMemory watched = new ResidentMemory();
        Thread thread = new Thread(watched::run, "resident-memory");
        thread.setDaemon(true);
        thread.start();
        return watched;
    }

    private void run() {
        while (true) {
            look();
            LockSupport.parkNanos(BETWEEN_LOOKS);
        }
    }

    private synchronized void look() {
        memory.look();
    }

    /** The most bytes so far over what there was in the beginning. */
    public synchronized long growth() {
        return Math.max(0, memory.peak() - idle);
    }
}
