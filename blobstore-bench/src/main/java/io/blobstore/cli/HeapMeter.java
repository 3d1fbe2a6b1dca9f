package io.blobstore.cli;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts the bytes that all threads of this JVM allocate on the heap.
 *
 * <p>JDK 21 and later, and late updates of 17, keep that sum themselves ({@code getTotalThreadAllocatedBytes}), virtual
 * threads and threads that have ended included. Before, it is added up here over the threads that live at the end:
 * <b>what a thread allocated that ended in between is not counted</b>. So what is measured must run on threads that
 * outlive the measurement; the commands therefore run transfers on pools of their own, which they shut down after it.
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

    /** Begins to count. */
    public static HeapMeter start() {
        return new HeapMeter(total((ThreadMXBean) ManagementFactory.getThreadMXBean()));
    }

    /** As {@link #start} where the JVM keeps no sum. */
    static HeapMeter startThreadByThread() {
        return new HeapMeter(-1);
    }

    /** The bytes allocated since {@link #start}. */
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
     * Whether {@link #bytesAllocated} is the whole truth: the JVM counts by itself, or no thread has ended since the
     * start.
     */
    public boolean isComplete() {
        return total >= 0 || threadsEnded() == threadsEnded;
    }

    private long threadsEnded() {
        // Not getThreadCount(), which a thread leaves some time after it was joined.
        return threads.getTotalStartedThreadCount() - threads.getAllThreadIds().length;
    }

    /** The JVM's own sum; negative where it keeps none. */
    private static long total(ThreadMXBean threads) {
        try {
            return (long)
                    ThreadMXBean.class.getMethod("getTotalThreadAllocatedBytes").invoke(threads);
        } catch (ReflectiveOperationException older) {
            return -1;
        }
    }
}
