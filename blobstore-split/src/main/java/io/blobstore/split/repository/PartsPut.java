package io.blobstore.split.repository;

import io.blobstore.BlobSource;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.TransferContext;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stores one large object in parts: the worker that has the object sends them, and so do workers that have nothing else
 * to do. Each takes the next part until none is left. Only the first waits, for the parts that others are sending.
 */
final class PartsPut {
    private final ObjectStore.ObjectParts parts;
    private final BlobSource content;
    private final TransferContext.Work keepAlive;
    private final TransferContext context;
    private final WorkQueue queue;
    private final PartLayout layout;
    private final AtomicInteger next = new AtomicInteger(1);
    /** Changed under the queue's lock. */
    private int unsent;

    /**
     * Creates a put that has sent nothing.
     *
     * @param keepAlive run before each part
     */
    PartsPut(
            ObjectStore.ObjectParts parts,
            BlobSource content,
            TransferContext.Work keepAlive,
            TransferContext context,
            WorkQueue queue) {
        this.parts = parts;
        this.content = content;
        this.keepAlive = keepAlive;
        this.context = context;
        this.queue = queue;
        this.layout = parts.layout();
        this.unsent = layout.partCount();
    }

    /**
     * Sends all parts, and completes the object. After a failure others may still be sending: the parts must be closed
     * when no worker is active any more.
     *
     * @return false if the object was present
     */
    boolean run() throws IOException, InterruptedException {
        for (int helper = 1; helper < Math.min(layout.partCount(), queue.threads()); helper++) {
            queue.offer(scratch -> sendParts());
        }
        sendParts();
        queue.await(() -> unsent == 0);
        return context.retrying("complete object", parts::complete);
    }

    private void sendParts() throws IOException, InterruptedException {
        for (int part = next.getAndIncrement(); part <= layout.partCount(); part = next.getAndIncrement()) {
            queue.requireRunning();
            keepAlive.run();
            send(part);
            queue.update(() -> unsent--);
        }
    }

    private void send(int part) throws IOException, InterruptedException {
        BlobSource bytes = content.slice(layout.offset(part), layout.length(part));
        context.retrying(
                "put part " + part,
                () -> context.withinBudget(bytes.size(), () -> {
                    parts.send(part, bytes);
                    return part;
                }));
    }
}
