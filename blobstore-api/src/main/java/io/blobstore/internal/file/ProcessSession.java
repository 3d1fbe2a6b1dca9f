package io.blobstore.internal.file;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
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
 * directory/tmp/S/N.keep  keeps the files N and N.* when the session ends or is swept, for 7 days without a change
 * directory/locks/I       locked while a name of stripe I is changed
 * </pre>
 *
 * <p>The map of sessions is static, so that all stores of one directory share locks and names. If several class loaders
 * have loaded this class, each has a session of its own; they neither sweep nor unlock each other (see
 * {@link LivenessLock}, {@link StripeLocks}).
 *
 * <p><b>Lock order:</b> {@link #SESSIONS_LOCK} is never held together with a stripe's lock.
 *
 * <p>Thread-safe.
 */
public final class ProcessSession {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessSession.class);

    /** After this time without a change, a session whose lock file is lost is taken for dead. */
    static final Duration ABANDONED = Duration.ofDays(7);

    /** The suffix of the file that keeps a temporary file of the same name for other sessions. */
    public static final String KEEP = ".keep";

    private static final ReentrantLock SESSIONS_LOCK = new ReentrantLock();
    private static final Map<Path, ProcessSession> SESSIONS = new HashMap<>();

    private final Path directory;
    private final LivenessLock alive;
    private final Path temporaries;
    private final StripeLocks stripes;
    private final AtomicLong nextTemporary = new AtomicLong();
    /** Guarded by {@link #SESSIONS_LOCK}. */
    private int users;

    private ProcessSession(Path directory, LivenessLock alive, StripeLocks stripes) {
        this.directory = directory;
        this.alive = alive;
        this.temporaries = alive.name();
        this.stripes = stripes;
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
        Path locks = directory.resolve("locks");
        makeDirectory(locks);
        LivenessLock alive = LivenessLock.create(tmp, "", true);
        try {
            Files.createDirectory(alive.name());
            return new ProcessSession(directory, alive, StripeLocks.in(locks));
        } catch (IOException | RuntimeException e) {
            alive.close();
            throw e;
        }
    }

    private void end() throws IOException {
        try (LivenessLock unlocked = alive) {
            deleteUnlessKept(temporaries);
        }
    }

    /** Returns an unused path for a temporary file on the directory's file system. */
    public Path newTemporary() {
        return temporaries.resolve(Long.toString(nextTemporary.incrementAndGet()));
    }

    /**
     * Runs an action while no other thread or process runs one for the same name in the same directory. For short
     * actions, such as a check and a rename, because names share locks.
     *
     * @throws java.nio.channels.FileLockInterruptionException if the thread is interrupted before the action has begun
     */
    public <T> T exclusively(String name, Action<T> action) throws IOException {
        return stripes.exclusively(name, action);
    }

    /**
     * Deletes the temporary files that dead processes left in a directory. A session is dead if its lock can be taken.
     * If its lock file was lost, it is taken for dead when {@link #ABANDONED} has passed since it last created, wrote
     * or deleted a file, and its process does not run on this host. Files that cannot be deleted for lack of permission
     * remain.
     */
    public static void sweep(Path directory) throws IOException {
        Path tmp = tmp(directory);
        if (!isDirectory(directory) || !isDirectory(tmp)) {
            return; // missing, or a symbolic link, which is not followed
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(tmp)) {
            for (Path file : files) {
                if (LivenessLock.isLockFile(file)) {
                    sweepSession(file);
                } else if (LivenessLock.isNameOfDeadProcess(file)) {
                    sweepWithoutLock(file);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.debug("Temporary files of dead processes in {} were not looked for", tmp, e);
        }
    }

    private static void sweepSession(Path lockFile) {
        try {
            LivenessLock.sweep(lockFile, "", ProcessSession::deleteUnlessKept);
        } catch (IOException e) {
            LOG.debug("The temporary files of {} were not deleted, though its process may be dead", lockFile, e);
        }
    }

    /** Sweeps a session that has no lock file: one that lives has created that before its directory. */
    private static void sweepWithoutLock(Path session) {
        try {
            if (isDirectory(session) && Files.notExists(LivenessLock.lockFile(session)) && isAbandoned(session)) {
                deleteDirectory(session, Set.of());
                LOG.info("Deleted {}, whose lock file is lost, and which was not used for {}", session, ABANDONED);
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.debug("{}, whose lock file is lost, was not deleted", session, e);
        }
    }

    private static boolean isAbandoned(Path session) throws IOException {
        Instant latest = lastModified(session);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(session)) {
            for (Path file : files) {
                Instant modified = lastModified(file);
                latest = modified.isAfter(latest) ? modified : latest;
            }
        }
        return latest.isBefore(Instant.now().minus(ABANDONED));
    }

    private static Instant lastModified(Path path) throws IOException {
        return Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant();
    }

    private static Path tmp(Path directory) {
        return directory.resolve("tmp");
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

    /** Deletes a directory of files, if it exists, except for those that are kept for other sessions. */
    private static void deleteUnlessKept(Path directory) throws IOException {
        Set<String> kept = new HashSet<>();
        if (isDirectory(directory)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + KEEP)) {
                for (Path file : files) {
                    String name = file.getFileName().toString();
                    kept.add(name.substring(0, name.length() - KEEP.length()));
                }
            } catch (NoSuchFileException e) {
                return;
            }
        }
        deleteDirectory(directory, kept);
    }

    /**
     * Deletes a directory of files, if it exists.
     *
     * @param kept the names of the files to leave, together with those that have an extension after such a name
     */
    private static void deleteDirectory(Path directory, Set<String> kept) throws IOException {
        if (!isDirectory(directory)) {
            Files.deleteIfExists(directory); // if it is a symbolic link, deletes the link only
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                if (!kept.contains(file.getFileName().toString().replaceFirst("\\..*", ""))) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (NoSuchFileException e) {
            return;
        }
        if (!kept.isEmpty()) {
            return;
        }
        try {
            Files.deleteIfExists(directory);
        } catch (DirectoryNotEmptyException e) {
            LOG.warn("{} is not deleted: another program puts files into it", directory, e);
        }
    }
}
