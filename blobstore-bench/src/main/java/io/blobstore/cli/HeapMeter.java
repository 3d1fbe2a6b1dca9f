package io.blobstore.cli;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts the bytes that all threads of this JVM allocate on the heap.
 *
 * <p>JDK 21 and later, and late updates of 17, maintain that sum ({@code getTotalThreadAllocatedBytes}), including
 * virtual threads and ended threads. On older JVMs this class adds up the threads that are alive at the end:
 * <b>allocations of threads that ended meanwhile are not counted</b>. So the measured code must run on threads that
 * outlive the measurement; the commands run transfers on their own pools, and shut them down afterwards.
 *
 * <p>Not thread-safe.
 */
public final class HeapMeter {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Map<Long, Long> perThread = new HashMap<>();
    private final long total;
    private final long threadsEnded;

    private HeapMeter(long total) {
        this.total = total;
        threadsEnded = threadsEnded();
        if (total < 0) {
            long[] ids = threads.getAllThreadIds();
            long[] bytes = threads.getThreadAllocatedBytes(ids);
            for (int i = 0; i < ids.length; i++) {
                perThread.put(ids[i], bytes[i]);
            }
        }
    }

    /** Starts counting. */
    public static HeapMeter start() {
        return new HeapMeter(total((ThreadMXBean) ManagementFactory.getThreadMXBean()));
    }

    /** Starts counting per thread, as {@link #start} does if the JVM does not maintain the sum. */
    static HeapMeter startThreadByThread() {
        return new HeapMeter(-1);
    }

    /** Returns the bytes allocated since {@link #start}. */
    public long bytesAllocated() {
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

    /**
     * Returns whether {@link #bytesAllocated} is complete: the JVM maintains the sum, or no thread has ended since the
     * start.
     */
    public boolean isComplete() {
        return total >= 0 || threadsEnded() == threadsEnded;
    }

    private long threadsEnded() {
        // Not getThreadCount(), which still counts a thread for some time after it was joined.
        return threads.getTotalStartedThreadCount() - threads.getAllThreadIds().length;
    }

    /** Returns the sum that the JVM maintains; negative if it does not. */
    private static long total(ThreadMXBean threads) {
        try {
            return (long)
                    ThreadMXBean.class.getMethod("getTotalThreadAllocatedBytes").invoke(threads);
        } catch (ReflectiveOperationException older) {
            return -1;
        }
    }
}
