package io.blobstore.internal.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process's use of a directory that it shares with other processes: it holds the temporary files of this process,
 * shows other processes that this one is alive, and excludes them from critical sections. All users of one directory in
 * this process share one session.
 *
 * <pre>
 * directory/tmp/S.lock    locked for as long as session S lives; the kernel unlocks it when its process dies
 * directory/tmp/S/N       temporary files of session S
 * directory/locks/I       locked while a name of stripe I is changed
 * </pre>
 *
 * <p><b>Why one per process and directory.</b> POSIX record locks, which {@link FileLock} is on Unix, belong to the
 * process: closing <em>any</em> descriptor of a file drops all of its locks, and two threads cannot exclude each other
 * by them. So a process must not open the lock file of its own session a second time, and threads need a lock in memory
 * in addition to the one in the file. That is why the map of sessions is static.
 *
 * <p><b>Lock order:</b> {@link #SESSIONS_LOCK} is never held together with a stripe's lock.
 *
 * <p>Thread-safe.
 */
public final class ProcessSession {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessSession.class);
    private static final int STRIPES = 64;
    private static final String LOCK_SUFFIX = ".lock";

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

    private static final ReentrantLock SESSIONS_LOCK = new ReentrantLock();
    private static final Map<Path, ProcessSession> SESSIONS = new HashMap<>();

    private final Path directory;
    private final Path temporaries;
    private final Path lockFile;
    private final FileChannel lockChannel;
    private final ReentrantLock[] stripes =
            IntStream.range(0, STRIPES).mapToObj(i -> new ReentrantLock()).toArray(ReentrantLock[]::new);
    private final AtomicLong nextTemporary = new AtomicLong();
    /** Guarded by {@link #SESSIONS_LOCK}. */
    private int users;

    private ProcessSession(Path directory, Path lockFile, FileChannel lockChannel, Path temporaries) {
        this.directory = directory;
        this.lockFile = lockFile;
        this.lockChannel = lockChannel;
        this.temporaries = temporaries;
    }

    /** An action for {@link #exclusively}. */
    @FunctionalInterface
    public interface Action<T> {
        /** Runs the action. */
        T run() throws IOException;
    }

    /**
     * Joins this process's session in a directory, and begins it if the process has none there. The caller must
     * {@linkplain #leave leave} it.
     *
     * @param directory the real path of a directory that nothing else uses; created if it is missing
     */
    public static ProcessSession join(Path directory) throws IOException {
        SESSIONS_LOCK.lock();
        try {
            ProcessSession session = SESSIONS.get(directory);
            if (session == null) {
                session = begin(directory);
                SESSIONS.put(directory, session);
            }
            session.users++;
            return session;
        } finally {
            SESSIONS_LOCK.unlock();
        }
    }

    /** Leaves the session. The last user ends it, which deletes its temporary files. */
    public void leave() throws IOException {
        SESSIONS_LOCK.lock();
        try {
            if (--users == 0) {
                SESSIONS.remove(directory);
                end();
            }
        } finally {
            SESSIONS_LOCK.unlock();
        }
    }

    private static ProcessSession begin(Path directory) throws IOException {
        Path tmp = tmp(directory);
        makeDirectory(directory);
        makeDirectory(tmp);
        makeDirectory(locks(directory));
        for (; ; ) {
            String name = PROCESS + UUID.randomUUID();
            Path lockFile = tmp.resolve(name + LOCK_SUFFIX);
            FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            try {
                // Before this process locked the new file, another one may have swept it, taking its process for dead.
                if (channel.tryLock() != null && Files.exists(lockFile)) {
                    Path temporaries = Files.createDirectory(tmp.resolve(name));
                    return new ProcessSession(directory, lockFile, channel, temporaries);
                }
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
            channel.close();
        }
    }

    private void end() throws IOException {
        try {
            deleteDirectory(temporaries);
            Files.deleteIfExists(lockFile);
        } finally {
            lockChannel.close();
        }
    }

    /** Returns an unused path for a temporary file on the directory's file system. */
    public Path newTemporary() {
        return temporaries.resolve(Long.toString(nextTemporary.incrementAndGet()));
    }

    /**
     * Runs an action while no other thread or process runs one for the same name in the same directory. For short
     * actions, such as a check and a rename: names share {@value #STRIPES} locks.
     */
    public <T> T exclusively(String name, Action<T> action) throws IOException {
        int stripe = Math.floorMod(name.hashCode(), STRIPES);
        ReentrantLock inProcess = stripes[stripe];
        inProcess.lock();
        // A new channel for each call: an interrupt closes the channel, and with it the lock, of this call only.
        try (FileChannel channel = FileChannel.open(
                        locks(directory).resolve(Integer.toString(stripe)),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        LinkOption.NOFOLLOW_LINKS);
                FileLock between = channel.lock()) {
            return action.run();
        } finally {
            inProcess.unlock();
        }
    }

    /**
     * Deletes the temporary files that dead processes left in a directory. A session is dead if its lock can be taken.
     * Files that cannot be deleted for lack of permission remain.
     */
    public static void sweep(Path directory) throws IOException {
        Path tmp = tmp(directory);
        if (!isDirectory(directory) || !isDirectory(tmp)) {
            return; // missing, or a symbolic link, which is not followed
        }
        try (DirectoryStream<Path> lockFiles = Files.newDirectoryStream(tmp, "*" + LOCK_SUFFIX)) {
            for (Path lockFile : lockFiles) {
                if (!lockFile.getFileName().toString().startsWith(PROCESS)) {
                    sweepSession(lockFile);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.debug("Temporary files of dead processes in {} were not deleted", tmp, e);
        }
    }

    private static void sweepSession(Path lockFile) throws IOException {
        String name = lockFile.getFileName().toString();
        Path temporaries = lockFile.resolveSibling(name.substring(0, name.length() - LOCK_SUFFIX.length()));
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                FileLock lock = channel.tryLock()) {
            if (lock != null) {
                deleteDirectory(temporaries);
                Files.deleteIfExists(lockFile);
                LOG.info("Deleted the temporary files of a dead process, {}", temporaries);
            }
        } catch (NoSuchFileException e) {
            LOG.debug("Another process swept {}", lockFile, e);
        }
    }

    private static Path tmp(Path directory) {
        return directory.resolve("tmp");
    }

    private static Path locks(Path directory) {
        return directory.resolve("locks");
    }

    private static boolean isDirectory(Path path) {
        return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    }

    private static void makeDirectory(Path directory) throws IOException {
        try {
            Files.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            if (!isDirectory(directory)) {
                throw new FileSystemException(
                        directory.toString(),
                        null,
                        "is this library's own directory, and must not be a link or a file");
            }
        }
    }

    /** Deletes a directory of files, if it exists. */
    private static void deleteDirectory(Path directory) throws IOException {
        if (!isDirectory(directory)) {
            Files.deleteIfExists(directory); // if it is a symbolic link, deletes the link only
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException e) {
            return;
        }
        try {
            Files.deleteIfExists(directory);
        } catch (DirectoryNotEmptyException e) {
            LOG.warn("{} is not deleted: another program puts files into it", directory, e);
        }
    }
}
