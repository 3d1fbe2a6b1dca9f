package io.blobstore.fs;

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
 * This process's presence in a root directory: where its temporaries are, how others know that it is alive, and how it
 * takes turns with them. Shared by all stores of one root in this process, and made by the first that writes.
 *
 * <pre>
 * root/.blobstore/tmp/S.lock    locked for as long as session S lives; the kernel unlocks it when its process dies
 * root/.blobstore/tmp/S/N       temporaries of session S
 * root/.blobstore/locks/I       locked while a key of stripe I changes hands
 * </pre>
 *
 * <p><b>Why one per process and root.</b> POSIX record locks, which {@link FileLock} is on Unix, belong to the process:
 * closing <em>any</em> descriptor of a file drops all of its locks, and two threads cannot exclude each other by them.
 * So a process must not open the lock file of a session of its own a second time, and threads need a lock in memory
 * before the one in the file. That makes the map of sessions static.
 *
 * <p><b>Lock order:</b> {@link #SESSIONS_LOCK} is never held together with a key's lock.
 */
final class RootSession {
    private static final Logger LOG = LoggerFactory.getLogger(RootSession.class);
    private static final int STRIPES = 64;
    private static final String LOCK_SUFFIX = ".lock";

    /** This process, told apart from others of the same number on other hosts or in other containers. */
    private static final String PROCESS = ProcessHandle.current().pid() + "-"
            + ProcessHandle.current()
                    .info()
                    .startInstant()
                    .orElse(Instant.EPOCH)
                    .toEpochMilli() + "-";

    private static final ReentrantLock SESSIONS_LOCK = new ReentrantLock();
    private static final Map<Path, RootSession> SESSIONS = new HashMap<>();

    private final Path root;
    private final Path temporaries;
    private final Path lockFile;
    private final Path stripeDirectory;
    private final FileChannel lockChannel;
    private final ReentrantLock[] stripes =
            IntStream.range(0, STRIPES).mapToObj(i -> new ReentrantLock()).toArray(ReentrantLock[]::new);
    private final AtomicLong nextTemporary = new AtomicLong();
    /** Guarded by {@link #SESSIONS_LOCK}. */
    private int users;

    private RootSession(Path root, Path lockFile, FileChannel lockChannel, Path temporaries, Path stripeDirectory) {
        this.root = root;
        this.lockFile = lockFile;
        this.lockChannel = lockChannel;
        this.temporaries = temporaries;
        this.stripeDirectory = stripeDirectory;
    }

    /** Joins the session of a root, or begins one. To be {@link #leave left}. */
    static RootSession join(Path root) throws IOException {
        SESSIONS_LOCK.lock();
        try {
            RootSession session = SESSIONS.get(root);
            if (session == null) {
                session = begin(root);
                SESSIONS.put(root, session);
            }
            session.users++;
            return session;
        } finally {
            SESSIONS_LOCK.unlock();
        }
    }

    /** Leaves the session; the last one ends it. */
    void leave() throws IOException {
        SESSIONS_LOCK.lock();
        try {
            if (--users == 0) {
                SESSIONS.remove(root);
                end();
            }
        } finally {
            SESSIONS_LOCK.unlock();
        }
    }

    private static RootSession begin(Path root) throws IOException {
        Path own = own(root);
        Path stripeDirectory = own.resolve("locks");
        Path tmp = tmp(root);
        makeDirectory(own);
        makeDirectory(tmp);
        makeDirectory(stripeDirectory);
        for (; ; ) {
            String name = PROCESS + UUID.randomUUID();
            Path lockFile = tmp.resolve(name + LOCK_SUFFIX);
            FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            try {
                // Between its creation and our lock, another process may have swept the file as a dead one's.
                if (channel.tryLock() != null && Files.exists(lockFile)) {
                    Path temporaries = Files.createDirectory(tmp.resolve(name));
                    return new RootSession(root, lockFile, channel, temporaries, stripeDirectory);
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

    /** A path for a new temporary, in the root's file system. */
    Path newTemporary() {
        return temporaries.resolve(Long.toString(nextTemporary.incrementAndGet()));
    }

    // ---- turns

    /**
     * Runs something while no other thread or process runs something for the same key in the same root. Short things: a
     * look and a rename.
     */
    <T> T exclusively(String key, FsErrors.Action<T> body) throws IOException {
        int stripe = Math.floorMod(key.hashCode(), STRIPES);
        ReentrantLock inProcess = stripes[stripe];
        inProcess.lock();
        // A channel of its own: an interrupt that closes it, and with it the lock, concerns this call only.
        try (FileChannel channel = FileChannel.open(
                        stripeDirectory.resolve(Integer.toString(stripe)),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        LinkOption.NOFOLLOW_LINKS);
                FileLock between = channel.lock()) {
            return body.run();
        } finally {
            inProcess.unlock();
        }
    }

    // ---- the dead

    /**
     * Deletes what sessions of dead processes left in a root. A session is dead if its lock can be had. What cannot be
     * swept, for lack of permission, is left.
     */
    static void sweep(Path root) throws IOException {
        Path tmp = tmp(root);
        if (!KeyPaths.isDirectory(own(root)) || !KeyPaths.isDirectory(tmp)) {
            return; // nothing, or a link that leads elsewhere
        }
        try (DirectoryStream<Path> lockFiles = Files.newDirectoryStream(tmp, "*" + LOCK_SUFFIX)) {
            for (Path lockFile : lockFiles) {
                if (!lockFile.getFileName().toString().startsWith(PROCESS)) {
                    sweepSession(lockFile);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.debug("Temporaries of dead processes in {} were not swept", tmp, e);
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
                LOG.info("Swept the temporaries of a dead process, {}", temporaries);
            }
        } catch (NoSuchFileException e) {
            LOG.debug("Another process swept {}", lockFile, e);
        }
    }

    private static Path own(Path root) {
        return root.resolve(KeyPaths.RESERVED);
    }

    private static Path tmp(Path root) {
        return own(root).resolve("tmp");
    }

    private static void makeDirectory(Path directory) throws IOException {
        try {
            Files.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            if (!KeyPaths.isDirectory(directory)) {
                throw new FileSystemException(
                        directory.toString(), null, "is the store's own directory, and must not be a link or a file");
            }
        }
    }

    /** Deletes a directory of files, if it is there. */
    private static void deleteDirectory(Path directory) throws IOException {
        if (!KeyPaths.isDirectory(directory)) {
            Files.deleteIfExists(directory); // a link, perhaps: not what it leads to
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
            LOG.warn("{} is left behind: something else put files into it", directory, e);
        }
    }
}
