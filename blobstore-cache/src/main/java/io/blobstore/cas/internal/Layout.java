package io.blobstore.cas.internal;

import io.blobstore.Sha256;
import io.blobstore.cas.CacheDirectoryException;
import io.blobstore.cas.Keyspace;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The paths of a cache's entries, as bazel-remote 2.x has them: {@code keyspace/xx/name}, where {@code xx} are the
 * first two digits of the hash.
 *
 * <p>Immutable.
 */
final class Layout {
    /** The number of directories of each keyspace. */
    static final int SHARDS = 256;

    /** Names that are in many directories, and that bazel-remote ignores as well. */
    private static final Set<String> IGNORED = Set.of("lost+found", ".DS_Store");

    private final Path directory;
    private final Path[][] shards = new Path[Codes.KEYSPACES][SHARDS];

    Layout(Path directory) {
        this.directory = directory;
        for (Keyspace keyspace : Keyspace.values()) {
            Path parent = directory.resolve(keyspace.directory());
            for (int i = 0; i < SHARDS; i++) {
                shards[Codes.of(keyspace)][i] = parent.resolve(shardName(i));
            }
        }
    }

    /** Returns the name of a directory of a keyspace: two lower-case hex digits. */
    static String shardName(int shard) {
        return "" + Character.forDigit(shard >> 4, 16) + Character.forDigit(shard & 15, 16);
    }

    /** Returns the number of the directory that holds the files of a hash. */
    static int shardOf(Sha256 hash) {
        return hash.bytes()[0] & 0xff;
    }

    /** Returns the name of a keyspace's directory in older layouts. */
    static String olderDirectory(Keyspace keyspace) {
        String name = keyspace.directory();
        return name.substring(0, name.indexOf('.'));
    }

    /** Returns the directory of the cache. */
    Path directory() {
        return directory;
    }

    /** Returns a directory of a keyspace. */
    Path shard(Keyspace keyspace, int shard) {
        return shards[Codes.of(keyspace)][shard];
    }

    /** Returns the path of an entry's file. */
    Path path(EntryFile file) {
        return shard(file.key().keyspace(), shardOf(file.key().hash())).resolve(file.name());
    }

    /** Returns the names in a directory; null if it does not exist. */
    static @Nullable List<String> names(Path directory) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                names.add(file.getFileName().toString());
            }
        } catch (NoSuchFileException e) {
            return null;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return names;
    }

    /**
     * Checks that a directory is a cache, or empty, or missing.
     *
     * @return the names in the directory that no cache has, and that bazel-remote would refuse
     * @throws CacheDirectoryException if it is something else
     */
    static List<String> requireCache(Path directory) throws IOException {
        List<String> names;
        try {
            names = names(directory);
        } catch (NotDirectoryException e) {
            throw new CacheDirectoryException(directory + " is not a directory; give the cache one of its own", e);
        }
        if (names == null) {
            return List.of();
        }
        boolean cache = false;
        List<String> foreign = new ArrayList<>();
        for (String name : names) {
            if (isOwn(name)) {
                cache = true;
            } else if (!isIgnored(name)) {
                foreign.add(name);
            }
        }
        if (!cache && !foreign.isEmpty()) {
            throw new CacheDirectoryException(
                    directory + " is not a cache: it contains '" + foreign.get(0)
                            + "' and none of cas.v2, ac.v2, raw.v2;"
                            + " give the cache an empty directory, or one of bazel-remote",
                    null);
        }
        return foreign;
    }

    private static boolean isOwn(String name) {
        for (Keyspace keyspace : Keyspace.values()) {
            if (name.equals(keyspace.directory()) || name.equals(olderDirectory(keyspace))) {
                return true;
            }
        }
        return false;
    }

    /** Returns whether a name means nothing in any directory of a cache. */
    static boolean isIgnored(String name) {
        return IGNORED.contains(name);
    }

    /** Creates the directories of the keyspaces. Those in them are created when they are needed. */
    void create() throws IOException {
        Files.createDirectories(directory);
        for (Keyspace keyspace : Keyspace.values()) {
            createDirectory(directory.resolve(keyspace.directory()));
        }
    }

    /**
     * Moves a file to the place of an entry by a rename, and creates the directory if it is missing.
     *
     * @throws FileSystemException if the source does not exist, or is on another file system
     */
    void move(Path source, EntryFile file) throws IOException {
        Path target = path(file);
        try {
            Files.move(source, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (NoSuchFileException e) {
            if (Files.notExists(source)) {
                throw e;
            }
            create();
            createDirectory(target.resolveSibling(""));
            Files.move(source, target, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private static void createDirectory(Path path) throws IOException {
        try {
            Files.createDirectory(path);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(path)) { // another process created it, otherwise
                throw new CacheDirectoryException(
                        path + " is not a directory, as a cache needs there; move it away", e);
            }
        }
    }
}
