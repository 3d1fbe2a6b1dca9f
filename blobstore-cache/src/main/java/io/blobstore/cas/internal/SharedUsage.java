package io.blobstore.cas.internal;

import io.blobstore.cas.CacheInUseException;
import io.blobstore.internal.file.ProcessSession;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.Closeable;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The bytes that several processes use in a cache, in memory that they share: a mapped file. It is changed by atomic
 * operations, without system calls.
 *
 * <p><b>Invariant:</b> {@code used} is never less than the bytes of all files in the cache and of all reservations
 * together: it is increased before anything is written, and decreased after a file was deleted. As nobody takes more
 * than the maximum leaves, the files never exceed it together. A process that dies leaves {@code used} too high, which
 * {@link #recount} corrects.
 *
 * <pre>
 * state/usage    mapped, native byte order
 *      0  i64    whether the files were counted: before that, nobody may take anything
 *      8  i64    used
 *     16  i64    giving: the sum of all decreases of used that have begun
 *     24  i64    given: the sum of those that have ended
 *   4096  slots  one of 64 bytes for each process: i64 reserved, i64 wanted
 * state/shared   byte 0 is locked by the leader, byte 1 + n by the process of slot n
 * </pre>
 *
 * <p>Thread-safe. After {@link #close}, nothing can be taken, and giving has no effect.
 */
final class SharedUsage implements Closeable {
    private static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private static final String FILE = "usage";

    private static final int COUNTED = 0;
    private static final int USED = 8;
    private static final int GIVING = 16;
    private static final int GIVEN = 24;
    private static final int FIRST_SLOT = 4096;
    private static final int SLOT = 64;
    private static final int RESERVED = 0;
    private static final int WANTED = 8;
    private static final int SLOTS = 256;
    private static final int LENGTH = FIRST_SLOT + SLOTS * SLOT;

    private final long max;
    private final FileChannel locks;
    private final MappedFile file;
    private final Lease lease;
    private final ByteBuffer memory;
    private final int own;

    /** Keeps the memory mapped while it is used. Held for some instructions. */
    private final ReentrantLock lock = new ReentrantLock();

    private boolean closed;

    private volatile boolean leader;

    private SharedUsage(long max, FileChannel locks, MappedFile file, Lease lease, int own) {
        this.max = max;
        this.locks = locks;
        this.file = file;
        this.lease = lease;
        this.memory = lease.buffers().get(0);
        this.own = own;
    }

    /**
     * Joins the processes that share a cache.
     *
     * @param max the most bytes that this process lets all use together
     * @throws CacheInUseException if there are too many
     */
    static SharedUsage open(Path cache, Path state, ProcessSession session, long max) throws IOException {
        Path path = state.resolve(FILE);
        session.exclusively(FILE, () -> {
            createFile(path, false);
            return path;
        });
        FileChannel locks = FileChannel.open(
                state.resolve("shared"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
        try {
            int slot = slot(locks, cache);
            MappedFile file = MappedFile.open(path, MappedFile.Access.READ_WRITE);
            try {
                SharedUsage usage =
                        new SharedUsage(max, locks, file, file.region().acquireWritable(), slot);
                usage.clear(slot);
                return usage;
            } catch (IOException | RuntimeException e) {
                file.close();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            locks.close();
            throw e;
        }
    }

    /** Begins anew, while no process shares the cache. */
    static void reset(Path state) throws IOException {
        createFile(state.resolve(FILE), true);
    }

    /**
     * Fills the file with zeros, unless it is in use; with blocks, as a mapping cannot report that the disk is full.
     */
    private static void createFile(Path path, boolean anew) throws IOException {
        try (FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
            if (anew || channel.size() != LENGTH) {
                ByteBuffer zeros = ByteBuffer.allocate(LENGTH);
                while (zeros.hasRemaining()) {
                    channel.write(zeros, zeros.position());
                }
                channel.truncate(LENGTH);
            }
        }
    }

    private static int slot(FileChannel locks, Path cache) throws IOException {
        for (int i = 0; i < SLOTS; i++) {
            if (locks.tryLock(1L + i, 1, false) != null) {
                return i;
            }
        }
        throw new CacheInUseException("The cache " + cache + " is shared by " + SLOTS + " processes already", null);
    }

    private static int slotAt(int slot) {
        return FIRST_SLOT + slot * SLOT;
    }

    private void clear(int slot) {
        set(slotAt(slot) + RESERVED, 0);
        set(slotAt(slot) + WANTED, 0);
    }

    private long get(int at) {
        return (long) LONGS.getVolatile(memory, at);
    }

    private void set(int at, long value) {
        LONGS.setVolatile(memory, at, value);
    }

    private void add(int at, long bytes) {
        long before = (long) LONGS.getAndAdd(memory, at, bytes);
        assert before != Long.MIN_VALUE;
    }

    /** Takes bytes; returns false, and notes that they are wanted, if they would exceed the maximum. */
    boolean take(long bytes) {
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            add(slotAt(own) + RESERVED, bytes); // before used: a recount must not miss it
            for (long used = get(USED); get(COUNTED) != 0 && used <= max - bytes; used = get(USED)) {
                if (LONGS.compareAndSet(memory, USED, used, used + bytes)) {
                    set(slotAt(own) + WANTED, 0);
                    return true;
                }
            }
            add(slotAt(own) + RESERVED, -bytes);
            set(slotAt(own) + WANTED, bytes);
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Gives back bytes that were taken, and not written. */
    void give(long bytes) {
        update(bytes, bytes, bytes, bytes);
    }

    /** Notes that a file is going to be deleted, so that a recount that does not see it any more still counts it. */
    void deleting(long bytes) {
        update(bytes, 0, 0, 0);
    }

    /**
     * Ends what {@link #deleting} began.
     *
     * @param deleted whether this process has deleted the file, and gives back its bytes
     */
    void deleted(long bytes, boolean deleted) {
        update(0, 0, deleted ? bytes : 0, bytes);
    }

    /** Changes the numbers in the one order in which a recount misses nothing. */
    private void update(long giving, long reserved, long used, long given) {
        lock.lock();
        try {
            if (!closed) {
                add(GIVING, giving);
                add(slotAt(own) + RESERVED, -reserved);
                add(USED, -used);
                add(GIVEN, given);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Notes that bytes that were taken are those of a file now, which is in its place. */
    void committed(long bytes) {
        lock.lock();
        try {
            if (!closed) {
                add(slotAt(own) + RESERVED, -bytes);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Returns the bytes that are used. */
    long used() {
        return read(USED);
    }

    /** Returns the bytes that other processes wait for. */
    long wantedByOthers() {
        return sum(WANTED) - read(slotAt(own) + WANTED);
    }

    private long read(int at) {
        lock.lock();
        try {
            return closed ? 0 : get(at);
        } finally {
            lock.unlock();
        }
    }

    private long sum(int field) {
        long sum = 0;
        for (int i = 0; i < SLOTS; i++) {
            sum += Math.max(0, read(slotAt(i) + field));
        }
        return sum;
    }

    /** Returns whether the files were counted since the processes began to share the cache. */
    boolean isCounted() {
        return read(COUNTED) != 0;
    }

    /** Counts the bytes of all files. */
    @FunctionalInterface
    interface Count {
        /** Lists all files, beginning after the call, and returns the sum of their bytes in whole blocks. */
        long bytes() throws IOException;
    }

    /**
     * Corrects {@code used}, which is too high after a process died. Others may take, write and delete meanwhile: what
     * they do can make the correction too small, but never too large.
     *
     * <p>The reservations are read before the files are listed: so a file that is committed meanwhile is in one of the
     * two sums at least. What is given meanwhile may be in none of them, and still be in {@code used}: it is added.
     */
    void recount(Count count) throws IOException {
        long given = read(GIVEN);
        long used = read(USED);
        long reserved = sum(RESERVED);
        long files = count.bytes();
        long excess = used - files - reserved - (read(GIVING) - given);
        lock.lock();
        try {
            if (!closed && (excess > 0 || get(COUNTED) == 0)) {
                add(USED, -excess);
                set(COUNTED, 1);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Becomes the leader if there is none. */
    boolean tryLead() throws IOException {
        leader = leader || locks.tryLock(0, 1, false) != null;
        return leader;
    }

    /**
     * Frees the slots of processes that have ended. Only for the leader.
     *
     * @return whether one of them had something reserved, so that a {@link #recount} is due
     */
    boolean reclaim() throws IOException {
        boolean found = false;
        for (int i = 0; i < SLOTS; i++) {
            if (i != own && (read(slotAt(i) + RESERVED) != 0 || read(slotAt(i) + WANTED) != 0)) {
                try (FileLock dead = locks.tryLock(1L + i, 1, false)) {
                    if (dead != null) {
                        found |= read(slotAt(i) + RESERVED) != 0;
                        lock.lock();
                        try {
                            if (!closed) {
                                clear(i);
                            }
                        } finally {
                            lock.unlock();
                        }
                    }
                }
            }
        }
        return found;
    }

    /** Leaves the processes that share the cache. Idempotent. */
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            set(slotAt(own) + WANTED, 0);
            closed = true;
        } finally {
            lock.unlock();
        }
        lease.close();
        file.close();
        locks.close();
    }
}
