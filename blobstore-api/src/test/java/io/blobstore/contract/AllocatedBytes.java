package io.blobstore.contract;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;

/** Counts the bytes that a thread allocates on the heap, to verify that content is not copied. */
public final class AllocatedBytes {
    private AllocatedBytes() {}

    /** Work whose allocations are counted. */
    @FunctionalInterface
    public interface Work {
        /** Runs the work. */
        void run() throws IOException;
    }

    /** Returns the number of bytes that this thread allocates while it does some work. */
    public static long of(Work work) throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        work.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
