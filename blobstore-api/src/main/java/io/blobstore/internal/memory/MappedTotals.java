package io.blobstore.internal.memory;

import java.util.concurrent.atomic.LongAdder;

/** Counts the mapped files and leases of this process. Static, as address space is a resource of the process. */
public final class MappedTotals {
    private static final LongAdder FILES = new LongAdder();
    private static final LongAdder BYTES = new LongAdder();
    private static final LongAdder LEASES = new LongAdder();

    private MappedTotals() {}

    /** Counts a file that was mapped. */
    public static void mapped(long bytes) {
        FILES.increment();
        BYTES.add(bytes);
    }

    /** Counts a file that was unmapped. */
    public static void unmapped(long bytes) {
        FILES.decrement();
        BYTES.add(-bytes);
    }

    /** Counts a lease that was opened. */
    public static void leased() {
        LEASES.increment();
    }

    /** Counts a lease that was closed. */
    public static void released() {
        LEASES.decrement();
    }

    /** Returns the files that are mapped. */
    public static long files() {
        return FILES.sum();
    }

    /** Returns the bytes of the files that are mapped. */
    public static long bytes() {
        return BYTES.sum();
    }

    /** Returns the open leases. */
    public static long leases() {
        return LEASES.sum();
    }

    /** Returns the leases and files that became unreachable without having been closed. */
    public static long leaked() {
        return LeaseTicket.leaked();
    }
}
