package io.blobstore.internal.file;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Temporary files in directories that other programs use too: {@code .blobstore-X.part} beside the file that it will
 * be, and {@code .blobstore-X.lock}, a {@link LivenessLock}, for as long as the process that writes it lives. The lock
 * file is created before the temporary file, and deleted after it.
 *
 * <p>Thread-safe.
 */
final class PartFiles {
    private static final Logger LOG = LoggerFactory.getLogger(PartFiles.class);
    private static final String PREFIX = ".blobstore-";
    private static final String SUFFIX = ".part";

    /** How many directory entries are read per file that is created, so that large directories cost no more. */
    private static final int ENTRIES_PER_FILE = 100;

    /** The maximum number of directories to remember. */
    private static final int MAX_DIRECTORIES = 1000;

    private static final ReentrantLock LOCK = new ReentrantLock();
    /** How many files are created in a directory before it is swept again. Guarded by {@link #LOCK}. */
    private static final Map<Path, Integer> UNTIL_SWEPT = new HashMap<>();

    private PartFiles() {}

    /** Returns whether a file's name is kept for temporary files and their lock files. */
    static boolean isReserved(String fileName) {
        String name = fileName.toLowerCase(Locale.ROOT); // for file systems that ignore case
        return name.startsWith(PREFIX) && (name.endsWith(SUFFIX) || name.endsWith(LivenessLock.SUFFIX));
    }

    /** Creates the lock file of a temporary file, after deleting what dead processes left in the directory. */
    static LivenessLock lock(Path directory) throws IOException {
        if (isTimeToSweep(directory)) {
            int entries = sweep(directory);
            LOCK.lock();
            try {
                if (UNTIL_SWEPT.size() >= MAX_DIRECTORIES) {
                    UNTIL_SWEPT.clear();
                }
                UNTIL_SWEPT.put(directory.toAbsolutePath(), entries / ENTRIES_PER_FILE);
            } finally {
                LOCK.unlock();
            }
        }
        return LivenessLock.create(directory, PREFIX, false);
    }

    /** Returns the path of the temporary file that belongs to a lock file. */
    static Path path(LivenessLock lock) {
        return path(lock.name());
    }

    private static Path path(Path name) {
        return name.resolveSibling(name.getFileName() + SUFFIX);
    }

    private static boolean isTimeToSweep(Path directory) {
        LOCK.lock();
        try {
            Integer files = UNTIL_SWEPT.computeIfPresent(directory.toAbsolutePath(), (key, left) -> left - 1);
            return files == null || files < 0;
        } finally {
            LOCK.unlock();
        }
    }

    /**
     * Deletes what dead processes left in a directory. What cannot be deleted, for lack of permission for example,
     * remains.
     *
     * @return the number of entries in the directory
     */
    private static int sweep(Path directory) {
        int entries = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                entries++;
                if (isReserved(file.getFileName().toString())) {
                    sweepFile(file);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.debug("Temporary files of dead processes in {} were not looked for", directory, e);
        }
        return entries;
    }

    private static void sweepFile(Path file) {
        try {
            if (LivenessLock.isLockFile(file)) {
                LivenessLock.sweep(file, PREFIX, name -> Files.deleteIfExists(path(name)));
            } else if (!LivenessLock.isOfThisProcess(file, PREFIX)
                    && Files.notExists(LivenessLock.lockFile(LivenessLock.nameOf(file, SUFFIX)))) {
                Files.deleteIfExists(file); // its writer would have a lock file: it is dead, or has just renamed it
            }
        } catch (IOException e) {
            LOG.debug("{} was not deleted, though its writer may be dead", file, e);
        }
    }
}
