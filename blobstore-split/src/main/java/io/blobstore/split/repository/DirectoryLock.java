package io.blobstore.split.repository;

import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A lock of a repository on disk, shared by writers or exclusive for a garbage collection; belongs to no thread.
 *
 * <p>With {@link NativeFiles}, it is the {@code flock(2)} of the repository's directory, which composefs takes, too.
 * Otherwise it is a lock of the file {@code .blobstore/lock} for processes (which {@code flock} does not see), and a
 * count for this process, as a process can lock a file only once. Waiting is polling: neither lock has a wait that can
 * be interrupted and limited.
 */
final class DirectoryLock implements Closeable {
    private static final Duration POLL = Duration.ofMillis(20);

    private static final ReentrantLock LOCK = new ReentrantLock();
    /** The locks that this process holds without {@link NativeFiles}. Guarded by {@link #LOCK}. */
    private static final Map<Path, Held> HELD = new HashMap<>();

    private final Release release;
    private final AtomicBoolean closed = new AtomicBoolean();

    private DirectoryLock(Release release) {
        this.release = release;
    }

    @FunctionalInterface
    private interface Release {
        void run() throws IOException;
    }

    /** A lock of the file, for all sessions of this process. */
    private record Held(FileChannel channel, FileLock lock, int users) {}

    /**
     * Waits for a lock.
     *
     * @param root the real path of the repository
     * @param exclusive whether nobody else may hold it
     * @param composefs whether composefs's lock is taken
     * @throws RepositoryBusyException if that takes longer than {@code wait}
     */
    static DirectoryLock acquire(Path root, boolean exclusive, boolean composefs, Duration wait) throws IOException {
        long start = System.nanoTime();
        for (; ; ) {
            DirectoryLock lock = composefs ? tryFlock(root, exclusive) : tryFile(root, exclusive);
            if (lock != null) {
                return lock;
            }
            if (System.nanoTime() - start >= wait.toNanos()) {
                throw new RepositoryBusyException("the repository " + root + " is in use by "
                        + (exclusive ? "a writer or a reader" : "a garbage collection") + ", for more than " + wait
                        + "; try again later");
            }
            try {
                Thread.sleep(POLL.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                InterruptedIOException interrupted = new InterruptedIOException("interrupted while waiting for a lock");
                interrupted.initCause(e);
                throw interrupted;
            }
        }
    }

    private static @Nullable DirectoryLock tryFlock(Path root, boolean exclusive) throws IOException {
        NativeFiles files = NativeFiles.get().orElseThrow();
        int descriptor = files.openDirectory(root);
        boolean locked = false;
        try {
            locked = files.tryLock(descriptor, exclusive ? NativeFiles.LOCK_EX : NativeFiles.LOCK_SH);
        } finally {
            if (!locked) {
                files.close(descriptor);
            }
        }
        return locked ? new DirectoryLock(() -> files.close(descriptor)) : null;
    }

    private static @Nullable DirectoryLock tryFile(Path root, boolean exclusive) throws IOException {
        LOCK.lock();
        try {
            Held held = HELD.get(root);
            if (held != null && (exclusive || !held.lock.isShared())) {
                return null;
            }
            if (held == null) {
                Optional<Held> taken = lockFile(root, exclusive);
                if (taken.isEmpty()) {
                    return null;
                }
                held = taken.get();
            }
            HELD.put(root, new Held(held.channel, held.lock, held.users + 1));
            return new DirectoryLock(() -> releaseFile(root));
        } finally {
            LOCK.unlock();
        }
    }

    private static Optional<Held> lockFile(Path root, boolean exclusive) throws IOException {
        FileChannel channel = FileChannel.open(
                root.resolve(ComposefsDirectory.OWN_DIRECTORY).resolve("lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock(0, Long.MAX_VALUE, !exclusive);
        } catch (OverlappingFileLockException e) {
            // another class loader of this process holds it
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        return lock == null ? Optional.empty() : Optional.of(new Held(channel, lock, 0));
    }

    private static void releaseFile(Path root) throws IOException {
        LOCK.lock();
        try {
            Held held = HELD.remove(root);
            if (held == null) {
                return;
            }
            if (held.users > 1) {
                HELD.put(root, new Held(held.channel, held.lock, held.users - 1));
            } else {
                held.channel.close();
            }
        } finally {
            LOCK.unlock();
        }
    }

    /** Releases the lock. Idempotent. */
    @Override
    public void close() throws IOException {
        if (!closed.getAndSet(true)) {
            release.run();
        }
    }
}
