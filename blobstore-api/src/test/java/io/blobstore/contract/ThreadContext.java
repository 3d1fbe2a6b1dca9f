package io.blobstore.contract;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ListOptions;
import io.blobstore.StoreOptions;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
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

    private Executor executor() {
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

    /**
     * Uploads a blob in three parts, downloads, copies and lists it, and begins and aborts another upload.
     *
     * @param partSize of the upload; the store has to accept it
     */
    public void transfer(BlobStore store, BlobKey key, int partSize) throws IOException, InterruptedException {
        UploadOptions parts = UploadOptions.builder().partSize(partSize).build();
        int size = 3 * partSize;
        try (TransferManager transfers =
                TransferManager.builder().executor(executor()).build()) {
            transfers
                    .upload(store, key, BlobSource.of(ByteBuffer.allocateDirect(size)), parts)
                    .join();
            transfers
                    .download(store, key, ByteRange.all(), BlobTarget.of(ByteBuffer.allocateDirect(size)))
                    .join();
        }
        store.copy(key, BlobKey.of("copy"));
        try (BlobListing listing = store.list(ListOptions.DEFAULT)) {
            listing.next();
        }
        store.createMultipartUpload(key, new PartLayout(10, partSize), StoreOptions.DEFAULT)
                .close();
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
