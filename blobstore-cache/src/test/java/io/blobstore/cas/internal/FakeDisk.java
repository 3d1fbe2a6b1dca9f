package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;

/**
 * The files of an index, in memory: finished ones and those that are being written. Verifies at each step that they
 * take no more than the maximum. Deleting can be held up or made to fail. Thread-safe.
 */
final class FakeDisk implements Unlink {
    private static final long BLOCK = 4096;

    private final long maximum;
    private final Map<EntryFile, Long> files = new HashMap<>();
    private final List<EntryFile> deleted = new CopyOnWriteArrayList<>();
    private final Semaphore begun = new Semaphore(0);
    private final Semaphore permits;
    private long bytes;
    private long highest;
    private int failures;

    /** What deletions fail with. */
    private Throwable failure = new IOException("injected failure");

    private FakeDisk(long maximum, Semaphore permits) {
        this.maximum = maximum;
        this.permits = permits;
    }

    /** Returns a disk that deletes at once. */
    static FakeDisk prompt(long maximum) {
        return new FakeDisk(maximum, new Semaphore(Integer.MAX_VALUE / 2));
    }

    /** Returns a disk that deletes only as many files as it is allowed to. */
    static FakeDisk held(long maximum) {
        return new FakeDisk(maximum, new Semaphore(0));
    }

    static long blocks(long size) {
        return (size + BLOCK - 1) / BLOCK * BLOCK;
    }

    /** Sets the length of a file, which is created if it is not there. */
    synchronized EntryFile write(EntryFile file, long size) {
        Long before = files.put(file, size);
        bytes += blocks(size) - (before == null ? 0 : blocks(before));
        highest = Math.max(highest, bytes);
        assertThat(bytes).as("the bytes on the disk").isLessThanOrEqualTo(maximum);
        return file;
    }

    /** Deletes a file, which must be there. */
    synchronized void delete(EntryFile file) {
        Long size = files.remove(file);
        assertThat(size).as("%s is there when it is deleted", file).isNotNull();
        bytes -= blocks(size);
    }

    synchronized boolean has(EntryFile file) {
        return files.containsKey(file);
    }

    /** Returns what the files take, each rounded up to whole blocks. */
    synchronized long bytes() {
        return bytes;
    }

    /** Returns the most that the files took at any moment. */
    synchronized long highest() {
        return highest;
    }

    synchronized List<EntryFile> files() {
        return new ArrayList<>(files.keySet());
    }

    /** Returns the files that the index deleted, in their order. */
    List<EntryFile> deleted() {
        return deleted;
    }

    /** Makes the next deletions fail. */
    synchronized void fail(int times) {
        failures = times;
    }

    /** Makes the next deletions fail with another exception. */
    synchronized void fail(int times, Throwable failure) {
        failures = times;
        this.failure = failure;
    }

    /** Lets a held disk delete more files. */
    void allow(int times) {
        permits.release(times);
    }

    /** Waits until the index has begun to delete one more file. */
    void awaitDeletion() {
        begun.acquireUninterruptibly();
    }

    @Override
    public void unlink(Entry entry) throws IOException {
        begun.release();
        permits.acquireUninterruptibly();
        synchronized (this) {
            if (failures > 0) {
                failures--;
                if (failure instanceof Error error) {
                    throw error;
                }
                throw (IOException) failure;
            }
            delete(entry.file());
        }
        deleted.add(entry.file());
    }
}
