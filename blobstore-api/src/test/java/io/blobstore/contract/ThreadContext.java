package io.blobstore.contract;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * The trace that a thread belongs to, as tracers and logging libraries keep it; an executor whose threads have that of
 * the thread that submits a task; and header fields that propagate it. Thread-safe.
 */
public final class ThreadContext implements AutoCloseable {
    /** The header field of a trace. */
    public static final String FIELD = "traceparent";

    private final ThreadLocal<String> trace = ThreadLocal.withInitial(() -> "none");
    private final List<String> propagated = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(4);

    /** Sets the trace of the current thread, and creates the threads of the executor. */
    public ThreadContext(String trace) {
        this.trace.set(trace);
    }

    /** Returns the executor. */
    public Executor executor() {
        return task -> {
            String callers = trace.get();
            threads.execute(() -> {
                trace.set(callers);
                try {
                    task.run();
                } finally {
                    trace.remove();
                }
            });
        };
    }

    /** Returns what adds the trace of the thread that sends a request, as a header field. */
    public Supplier<Map<String, String>> headers() {
        return () -> {
            propagated.add(trace.get());
            return Map.of(FIELD, trace.get());
        };
    }

    /** Returns the traces that were added to requests. */
    public List<String> propagated() {
        return List.copyOf(propagated);
    }

    /** Ends the threads of the executor. */
    @Override
    public void close() {
        threads.shutdown();
    }
}
