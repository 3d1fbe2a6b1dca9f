package io.blobstore.contract;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;

/** What a thread allocates on the heap: how a claim of no copies is counted. */
public final class AllocatedBytes {
    private AllocatedBytes() {}

    /** Something that may allocate. */
    @FunctionalInterface
    public interface Work {
        /** Runs it. */
        void run() throws IOException;
    }

    /** How many bytes this thread allocates while it does some work. */
    public static long of(Work work) throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        work.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
