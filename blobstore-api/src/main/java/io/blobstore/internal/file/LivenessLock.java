package io.blobstore.internal.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lock file that tells other processes that this one lives: it is locked while this object is open, and the kernel
 * unlocks it when its process dies, however it dies. What a process leaves behind bears the name of its lock file.
 *
 * <p>POSIX record locks, which {@link FileLock} is on Unix, belong to the process: closing <em>any</em> descriptor of a
 * file drops all of its locks. So a process must not open its own lock files a second time, not even with another class
 * loader: the names of all of them begin with {@link #PROCESS}, and sweeping skips these.
 */
final class LivenessLock implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(LivenessLock.class);
    static final String SUFFIX = ".lock";

    /**
     * The name of this process, which differs from those of processes with the same pid on other hosts or in other
     * containers.
     */
    private static final String PROCESS = ProcessHandle.current().pid() + "-"
            + ProcessHandle.current()
                    .info()
                    .startInstant()
                    .orElse(Instant.EPOCH)
                    .toEpochMilli() + "-";

    /** The pid, the time of the start, and a UUID. */
    private static final Pattern NAME =
            Pattern.compile("(\\d{1,18})-(\\d{1,18})-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    /** The times of a process's start that two others see differ by as much as the clock was adjusted in between. */
    private static final Duration CLOCK_ADJUSTMENT = Duration.ofMinutes(10);

    private final Path file;
    private final FileChannel channel;

    private LivenessLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Deletes what a process left behind. */
    @FunctionalInterface
    interface Deletion {
        /**
         * Deletes everything with a name.
         *
         * @param name the name that {@link LivenessLock#name} returned in that process
         */
        void delete(Path name) throws IOException;
    }

    /**
     * Creates and locks a file with a unique name.
     *
     * @param prefix what the name begins with
     * @param required whether a file system without locks is an error. Otherwise the file stays unlocked there, and no
     *     other process can lock it either, so that none takes this process for dead.
     * @throws IOException if the file cannot be created, or a required lock cannot be taken
     */
    static LivenessLock create(Path directory, String prefix, boolean required) throws IOException {
        for (; ; ) {
            Path file = directory.resolve(prefix + PROCESS + UUID.randomUUID() + SUFFIX);
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            try {
                // Before this process locked the new file, another one may have swept it, taking its process for dead.
                if (channel.tryLock() != null && Files.exists(file)) {
                    return new LivenessLock(file, channel);
                }
            } catch (IOException e) {
                if (!required) {
                    return new LivenessLock(file, channel);
                }
                channel.close();
                Files.deleteIfExists(file);
                throw e;
            }
            channel.close();
        }
    }

    /** Returns the lock file's path without its suffix: the name of what else this process creates. */
    Path name() {
        return nameOf(file, SUFFIX);
    }

    /** Deletes and unlocks the file. Idempotent. */
    @Override
    public void close() throws IOException {
        try (FileChannel locked = channel) {
            if (locked.isOpen()) {
                Files.deleteIfExists(file); // while it is locked: an unlocked file is a dead process's
            }
        }
    }

    /** Returns whether a path is that of a lock file. */
    static boolean isLockFile(Path path) {
        return path.getFileName().toString().endsWith(SUFFIX);
    }

    /** Returns the path of the lock file of a name. */
    static Path lockFile(Path name) {
        return name.resolveSibling(name.getFileName() + SUFFIX);
    }

    /** Returns a path without a suffix that it ends with. */
    static Path nameOf(Path path, String suffix) {
        String name = path.getFileName().toString();
        return path.resolveSibling(name.substring(0, name.length() - suffix.length()));
    }

    /** Returns whether the name of a path is one of this process's, given what such names begin with. */
    static boolean isOfThisProcess(Path path, String prefix) {
        return path.getFileName().toString().startsWith(prefix + PROCESS);
    }

    /**
     * Returns whether a path has a {@link #name}, without a prefix, of a process that does not run on this host. It may
     * run on another one, or in another container.
     */
    static boolean isNameOfDeadProcess(Path path) {
        Matcher name = NAME.matcher(path.getFileName().toString());
        if (!name.matches()) {
            return false;
        }
        Instant started = Instant.ofEpochMilli(Long.parseLong(name.group(2)));
        return ProcessHandle.of(Long.parseLong(name.group(1)))
                .filter(running -> isSame(running, started))
                .isEmpty();
    }

    /** Returns whether a process may be the one that has its pid and was started at a time, which may be unknown. */
    private static boolean isSame(ProcessHandle running, Instant started) {
        Duration between =
                Duration.between(started, running.info().startInstant().orElse(started));
        return started.equals(Instant.EPOCH) || between.abs().compareTo(CLOCK_ADJUSTMENT) < 0;
    }

    /** Deletes what a dead process left behind, and its lock file. Does nothing if the process lives. */
    static void sweep(Path lockFile, String prefix, Deletion deletion) throws IOException {
        if (isOfThisProcess(lockFile, prefix) || !Files.isRegularFile(lockFile, LinkOption.NOFOLLOW_LINKS)) {
            return; // opening a named pipe would block
        }
        Path name = nameOf(lockFile, SUFFIX);
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                FileLock lock = channel.tryLock()) {
            if (lock != null) {
                deletion.delete(name);
                Files.deleteIfExists(lockFile);
                LOG.info("Deleted the temporary files of a dead process, {}", name);
            }
        } catch (NoSuchFileException | OverlappingFileLockException e) {
            LOG.debug("Another process, or another thread, swept {}", lockFile, e);
        }
    }
}
