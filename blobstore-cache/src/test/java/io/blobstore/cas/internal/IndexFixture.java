package io.blobstore.cas.internal;

import io.blobstore.Sha256;
import io.blobstore.cas.CacheListener;
import io.blobstore.cas.Keyspace;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** An index over a {@link FakeDisk}, with a clock that is set by hand and a record of its events. */
final class IndexFixture implements Closeable {
    static final long BLOCK = 4096;

    final long max;
    final FakeDisk disk;
    final AtomicLong nanoTime = new AtomicLong();

    /** What the index wrote to its log: an operation and the suffix of the file. */
    final List<String> log = new ArrayList<>();

    /** The time without use of each entry that was evicted. */
    final List<Duration> evicted = new CopyOnWriteArrayList<>();

    final Index index;
    private final AtomicInteger suffixes = new AtomicInteger();

    private IndexFixture(long max, FakeDisk disk, SharedRoom room, Duration pause, Duration patience) {
        this.max = max;
        this.disk = disk;
        CacheListener listener = new CacheListener() {
            @Override
            public void evicted(Keyspace keyspace, long storedSize, Duration unused) {
                evicted.add(unused);
            }
        };
        index = new Index(max, new Recorder(), disk, room, listener, nanoTime::get, pause, patience);
    }

    /** Returns an index whose reaper deletes at once. */
    static IndexFixture prompt(long max) {
        return started(max, FakeDisk.prompt(max), SharedRoom.PRIVATE, Duration.ofMillis(1), Duration.ofDays(1));
    }

    /** Returns an index whose reaper deletes only what {@link FakeDisk#allow} lets it. */
    static IndexFixture held(long max) {
        return started(max, FakeDisk.held(max), SharedRoom.PRIVATE, Duration.ofMillis(1), Duration.ofDays(1));
    }

    /** Returns an index whose reaper does nothing by itself: see {@link #poll} and {@link #complete}. */
    static IndexFixture manual(long max) {
        return new IndexFixture(max, FakeDisk.prompt(max), SharedRoom.PRIVATE, Duration.ofDays(1), Duration.ofDays(1));
    }

    static IndexFixture started(long max, FakeDisk disk, SharedRoom room, Duration pause, Duration patience) {
        IndexFixture fixture = new IndexFixture(max, disk, room, pause, patience);
        fixture.index.reaper.start(fixture.index.entries);
        return fixture;
    }

    /** Returns the key whose hash is that of a number. */
    static EntryKey key(int number) {
        return new EntryKey(
                Keyspace.CAS, Sha256.of(ByteBuffer.allocate(Integer.BYTES).putInt(0, number)));
    }

    /** Returns the description of a file; its content has one byte. */
    static EntryFile file(EntryKey key, int suffix) {
        return new EntryFile(key, EntryFile.Format.CASBLOB, 1, String.format("%09d", suffix));
    }

    /** Returns a file with a new suffix: 000000000 the first, and so on. */
    EntryFile newFile(EntryKey key) {
        return file(key, suffixes.getAndIncrement());
    }

    /** Puts an entry as a cache does: reserves, writes, commits. */
    Entry put(EntryKey key, long size) throws IOException {
        try (Reservation reservation = index.reserve(size)) {
            reservation.require(size);
            return index.commit(reservation, disk.write(newFile(key), size), size);
        }
    }

    Entry put(int number, long size) throws IOException {
        return put(key(number), size);
    }

    /** Puts entries of one block, with the keys of the numbers from 0 on. */
    List<Entry> putBlocks(int count) throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            entries.add(put(i, BLOCK));
        }
        return entries;
    }

    Entry acquire(int number) {
        return index.acquire(key(number)).orElseThrow();
    }

    boolean has(int number) {
        return index.peek(key(number)).isPresent();
    }

    /** Returns the numbers below a bound that have entries. */
    List<Integer> numbers(int below) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < below; i++) {
            if (has(i)) {
                numbers.add(i);
            }
        }
        return numbers;
    }

    /** Waits until the reaper has nothing to do. */
    void settle() {
        index.reaper.awaitIdle();
    }

    /** Takes the next entry to delete; fails if there is none. */
    Entry poll() {
        return Objects.requireNonNull(index.reaper.poll(index.entries), "nothing to delete");
    }

    /** Deletes the file of an entry that {@link #poll} returned. */
    void complete(Entry entry) {
        index.reaper.complete(index.entries, entry);
    }

    @Override
    public void close() {
        disk.allow(Integer.MAX_VALUE / 2);
        index.close();
    }

    private final class Recorder implements IndexLog {
        @Override
        public void added(Entry entry) {
            log.add("added " + entry.file().suffix());
        }

        @Override
        public void removed(Entry entry) {
            log.add("removed " + entry.file().suffix());
        }

        @Override
        public void used(Entry entry) {
            log.add("used " + entry.file().suffix());
        }
    }
}
