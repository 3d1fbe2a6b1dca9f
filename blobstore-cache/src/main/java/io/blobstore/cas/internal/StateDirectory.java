package io.blobstore.cas.internal;

import io.blobstore.cas.CacheDirectoryException;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Chooses and checks the directory of a cache's state: locks, journal and unfinished files. It must not be inside of
 * the cache, as bazel-remote refuses to start if there is a name that it does not know; only what is in
 * {@code lost+found} is ignored. It must be on the same file system, because finished files are renamed.
 */
final class StateDirectory {
    private static final String PREFIX = ".";
    private static final String SUFFIX = ".blobstore-cas";
    private static final String LOST_AND_FOUND = "lost+found";

    private StateDirectory() {}

    /**
     * Returns the directory of the state of a cache, without creating it.
     *
     * @param directory the real path of the cache
     * @param chosen what the user chose, if anything
     * @throws CacheDirectoryException if it cannot be there
     */
    static Path of(Path directory, Optional<Path> chosen) throws IOException {
        if (chosen.isPresent()) {
            Path state = realPath(chosen.get());
            if ((state.startsWith(directory) && !state.startsWith(directory.resolve(LOST_AND_FOUND)))
                    || directory.startsWith(state)) {
                throw new CacheDirectoryException(
                        "The state of the cache " + directory + " cannot be in " + state
                                + "; choose a directory beside the cache, or one in "
                                + directory.resolve(LOST_AND_FOUND),
                        null);
            }
            return state;
        }
        Path name = directory.getFileName();
        if (name == null) {
            throw new CacheDirectoryException(
                    "There is no directory beside " + directory
                            + " for the state of the cache; set stateDirectory, such as "
                            + directory.resolve(LOST_AND_FOUND).resolve(SUFFIX.substring(1)),
                    null);
        }
        return directory.resolveSibling(PREFIX + name + SUFFIX);
    }

    /** Returns the real path of a directory that may not exist yet. */
    static Path realPath(Path path) throws IOException {
        Path absolute = path.toAbsolutePath().normalize();
        if (Files.exists(absolute)) {
            return absolute.toRealPath();
        }
        Path parent = absolute.getParent();
        Path name = absolute.getFileName();
        return parent == null || name == null ? absolute : realPath(parent).resolve(name);
    }

    /**
     * Checks that files can be renamed from one directory into another: both exist.
     *
     * @throws CacheDirectoryException if they are on different file systems
     */
    static void requireSameFileSystem(Path directory, Path state) throws IOException {
        if (!isSameFileSystem(directory, state)) {
            throw differentFileSystems(directory, state, null);
        }
    }

    static CacheDirectoryException differentFileSystems(Path directory, Path state, @Nullable IOException cause) {
        return new CacheDirectoryException(
                "The cache " + directory + " and its state " + state
                        + " are on different file systems, so that finished"
                        + " files cannot be renamed; set stateDirectory to a directory on that of the cache. If the cache is"
                        + " the root of a file system, that can be "
                        + directory.resolve(LOST_AND_FOUND).resolve(SUFFIX.substring(1))
                        + ", which bazel-remote ignores",
                cause);
    }

    private static boolean isSameFileSystem(Path one, Path other) throws IOException {
        if (one.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            // A FileStore would search the table of mounts, which fails in some containers.
            return Files.getAttribute(one, "unix:dev").equals(Files.getAttribute(other, "unix:dev"));
        }
        FileStore store = Files.getFileStore(one);
        return store.equals(Files.getFileStore(other));
    }
}
