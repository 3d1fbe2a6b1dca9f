package io.blobstore.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads that transfer the parts of a content; they live until this is closed. */
final class PartWorkers implements AutoCloseable {
    /** Transfers one part. */
    @FunctionalInterface
    interface PartTask {
        /** Transfers part {@code index}, counted from 0: {@code length} bytes from {@code offset} on. */
        void transfer(int index, long offset, int length) throws Exception;
    }

    private final ExecutorService threads;
    private final int count;

    PartWorkers(int count) {
        this.count = count;
        this.threads = Executors.newFixedThreadPool(count);
    }

    static int parts(long size, int partSize) {
        return Math.toIntExact((size + partSize - 1) / partSize);
    }

    /** Transfers all parts, and returns when they are complete. */
    void forEachPart(long size, int partSize, PartTask task) throws Exception {
        int parts = parts(size, partSize);
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> workers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            workers.add(threads.submit(() -> {
                for (int index = next.getAndIncrement(); index < parts; index = next.getAndIncrement()) {
                    long offset = (long) index * partSize;
                    task.transfer(index, offset, (int) Math.min(partSize, size - offset));
                }
                return null;
            }));
        }
        for (Future<?> worker : workers) {
            try {
                worker.get();
            } catch (ExecutionException e) {
                throw e.getCause() instanceof Exception problem ? problem : e;
            }
        }
    }

    @Override
    public void close() {
        threads.shutdown();
    }
}
