package io.blobstore.cache.pieces;

import io.blobstore.cas.CacheInUseException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Excludes other caches from a directory, in this process and in others.
 *
 * <p>POSIX record locks belong to the process, and closing any descriptor of the file drops them: so this process must
 * not open the file of a lock that it holds a second time. The directories that it holds are in {@link #HELD}.
 */
final class DirectoryLock implements Closeable {
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel channel;

    private DirectoryLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Locks a directory.
     *
     * @param directory its real path
     * @throws CacheInUseException if it is locked
     */
    static DirectoryLock acquire(Path directory) throws IOException {
        if (!HELD.add(directory)) {
            throw new CacheInUseException(
                    directory + " is open in this process already; use that cache, or another directory", null);
        }
        try {
            return new DirectoryLock(directory, lock(directory));
        } catch (IOException | RuntimeException | Error e) {
            HELD.remove(directory);
            throw e;
        }
    }

    private static FileChannel lock(Path directory) throws IOException {
        FileChannel channel =
                FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
            throw new CacheInUseException(
                    directory + " is open in another process; end that process, or use another directory", null);
        } catch (OverlappingFileLockException e) { // by another class loader, whose lock closing the channel would drop
            throw new CacheInUseException(
                    directory + " is open in this process already; use that cache, or another directory", e);
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    /** Unlocks the directory. The file stays. Idempotent. */
    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            channel.close();
            HELD.remove(directory);
        }
    }
}
