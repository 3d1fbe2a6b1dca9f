package io.blobstore.cas.internal;

import io.blobstore.cas.CacheDirectoryException;
import io.blobstore.cas.CacheInUseException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * The lock on a cache: one owner, or several that share it. The kernel releases it when its process dies.
 *
 * <p>POSIX record locks belong to the process, and closing <em>any</em> descriptor of the file drops them. So a process
 * must not open a lock file that it has locked: whether it has is a system property, which the whole JVM shares, also
 * if several class loaders have loaded this class.
 */
final class OwnerLock implements Closeable {
    private static final String FILE = "lock";
    private static final String OWNER = "owner";

    private final String inThisJvm;
    private final FileChannel channel;
    private final @Nullable Path owner;

    private OwnerLock(String inThisJvm, FileChannel channel, @Nullable Path owner) {
        this.inThisJvm = inThisJvm;
        this.channel = channel;
        this.owner = owner;
    }

    /**
     * Locks a cache.
     *
     * @param cache the directory of the cache, for messages
     * @param state the directory of its state, which exists
     * @param shared whether others may share it
     * @param ifAlone runs if nobody else has the cache open; others cannot open it meanwhile
     * @throws CacheInUseException if it is locked otherwise
     */
    static OwnerLock lock(Path cache, Path state, boolean shared, Preparation ifAlone) throws IOException {
        Object key = Files.readAttributes(state, BasicFileAttributes.class).fileKey();
        String inThisJvm = OwnerLock.class.getName() + ":" + (key != null ? key : state);
        if (System.getProperties().putIfAbsent(inThisJvm, "") != null) {
            throw new CacheInUseException(
                    "The cache " + cache
                            + " is open in this process already; use the one that is open, or close it first",
                    null);
        }
        try {
            FileChannel channel = FileChannel.open(
                    state.resolve(FILE),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS);
            try {
                if (shared) {
                    runAlone(cache, channel, () -> {
                        Files.deleteIfExists(state.resolve(OWNER)); // of a process that has died
                        ifAlone.run();
                    });
                }
                if (tryLock(cache, channel, shared) == null) {
                    throw new CacheInUseException(
                            "The cache " + cache + " is in use by another process" + owner(state.resolve(OWNER))
                                    + "; end that, or open the cache read-only, or shared by all",
                            null);
                }
                return new OwnerLock(inThisJvm, channel, shared ? null : writeOwner(state.resolve(OWNER)));
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            System.getProperties().remove(inThisJvm);
            throw e;
        }
    }

    /** Prepares a cache while no other process can use it. */
    @FunctionalInterface
    interface Preparation {
        /** Prepares it. */
        void run() throws IOException;
    }

    private static void runAlone(Path cache, FileChannel channel, Preparation ifAlone) throws IOException {
        FileLock alone = tryLock(cache, channel, false);
        if (alone != null) {
            ifAlone.run();
            alone.release(); // whoever is next prepares it again; nobody uses it before
        }
    }

    private static @Nullable FileLock tryLock(Path cache, FileChannel channel, boolean shared) throws IOException {
        try {
            return channel.tryLock(0, Long.MAX_VALUE, shared);
        } catch (OverlappingFileLockException e) {
            return null;
        } catch (IOException e) {
            throw new CacheDirectoryException(
                    "The cache " + cache + " cannot be locked: its file system has no locks; use a local one", e);
        }
    }

    /** Notes which process has the lock, for the message that others get; nothing depends on it. */
    private static Path writeOwner(Path file) throws IOException {
        Files.writeString(file, ProcessHandle.current().pid() + "\n");
        return file;
    }

    private static String owner(Path file) {
        try {
            String pid = Files.readString(file, StandardCharsets.US_ASCII).strip();
            return pid.matches("[0-9]{1,20}") ? ", with the process id " + pid : "";
        } catch (IOException e) {
            return ""; // shared, or about to be opened or closed
        }
    }

    /** Releases the lock. Idempotent. */
    @Override
    public void close() throws IOException {
        if (!channel.isOpen()) {
            return;
        }
        try {
            if (owner != null) {
                Files.deleteIfExists(owner);
            }
        } finally {
            try {
                channel.close();
            } finally {
                System.getProperties().remove(inThisJvm);
            }
        }
    }
}
