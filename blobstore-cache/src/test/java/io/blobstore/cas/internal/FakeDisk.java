package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Sha256;
import io.blobstore.cas.Keyspace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The files of an index, in memory. Deleting can be held up or made to fail. Thread-safe. */
final class FakeDisk implements Unlink {
    private static final long BLOCK = 4096;

    private final Map<EntryFile, Long> files = new ConcurrentHashMap<>();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicInteger failures = new AtomicInteger();
    private final Semaphore begun = new Semaphore(0);
    private final List<EntryFile> deleted = new CopyOnWriteArrayList<>();
    private final Semaphore permits;

    private FakeDisk(Semaphore permits) {
        this.permits = permits;
    }

    /** Returns a disk that deletes at once. */
    static FakeDisk prompt() {
        return new FakeDisk(new Semaphore(Integer.MAX_VALUE));
    }

    /** Returns a disk that deletes only as many files as were allowed. */
    static FakeDisk held() {
        return new FakeDisk(new Semaphore(0));
    }

    /** Returns a key whose hash is that of a number. */
    static EntryKey key(int number) {
        return new EntryKey(Keyspace.CAS, Sha256.of(ByteBuffer.allocate(4).putInt(0, number)));
    }

    /** Returns the file of a key. */
    static EntryFile file(EntryKey key, int suffix) {
        return new EntryFile(key, EntryFile.Format.CASBLOB, 1, String.format("%09d", suffix));
    }

    /** Creates a file. */
    EntryFile create(EntryFile file, long size) {
        assertThat(files.put(file, size)).as("%s is new", file).isNull();
        bytes.addAndGet((size + BLOCK - 1) / BLOCK * BLOCK);
        return file;
    }

    boolean has(EntryFile file) {
        return files.containsKey(file);
    }

    /** Returns what the files take, each rounded up to whole blocks. */
    long bytes() {
        return bytes.get();
    }

    int count() {
        return files.size();
    }

    /** Returns the files that were deleted so far, in their order. */
    List<EntryFile> deleted() {
        return deleted;
    }

    /** Makes the next deletions fail. */
    void fail(int times) {
        failures.set(times);
    }

    /** Lets a held disk delete more files. */
    void allow(int times) {
        permits.release(times);
    }

    /** Waits until a deletion has begun. */
    void awaitDeletion() {
        begun.acquireUninterruptibly();
    }

    @Override
    public void unlink(Entry entry) throws IOException {
        begun.release();
        permits.acquireUninterruptibly();
        if (failures.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
            throw new IOException("injected failure");
        }
        Long size = files.remove(entry.file());
        assertThat(size).as("%s is deleted once", entry).isNotNull();
        bytes.addAndGet(-((size + BLOCK - 1) / BLOCK * BLOCK));
        deleted.add(entry.file());
    }
}
