package io.blobstore.cli;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts the bytes that all threads of this JVM allocate on the heap.
 *
 * <p>On JDK 21 and later the JVM keeps that sum itself ({@code getTotalThreadAllocatedBytes}), virtual threads and threads
 * that have ended included. Before, it is added up here over the threads that live at the end: <b>what a thread allocated
 * that ended in between is not counted</b>. So what is measured must run on threads that outlive the measurement; the
 * commands therefore run transfers on pools of their own, which they shut down after it.
 */
final class HeapMeter {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Map<Long, Long> perThread = new HashMap<>();
    private final long total;

    private HeapMeter() {
        total = total(threads);
        if (total < 0) {
            long[] ids = threads.getAllThreadIds();
            long[] bytes = threads.getThreadAllocatedBytes(ids);
            for (int i = 0; i < ids.length; i++) {
                perThread.put(ids[i], bytes[i]);
            }
        }
    }

    /** Begins to count. */
    static HeapMeter start() {
        return new HeapMeter();
    }

    /** The bytes allocated since {@link #start}. */
    long bytesAllocated() {
        if (total >= 0) {
            return total(threads) - total;
        }
        long sum = 0;
        long[] ids = threads.getAllThreadIds();
        long[] bytes = threads.getThreadAllocatedBytes(ids);
        for (int i = 0; i < ids.length; i++) {
            if (bytes[i] >= 0) { // negative: ended since the ids were taken
                sum += bytes[i] - Math.max(0, perThread.getOrDefault(ids[i], 0L));
            }
        }
        return sum;
    }

    /** The JVM's own sum; negative where it keeps none. */
    private static long total(ThreadMXBean threads) {
        try {
            return (long)
                    ThreadMXBean.class.getMethod("getTotalThreadAllocatedBytes").invoke(threads);
        } catch (ReflectiveOperationException before21) {
            return -1;
        }
    }
}
