package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.Operation;
import io.blobstore.internal.file.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Maps keys to files inside the root.
 *
 * <p>A key's segments, separated by {@code /}, are the names of directories and, the last one, of a file. A key that
 * the file system would interpret differently is refused and not encoded, so that each blob is a plain file whose path
 * is its key.
 *
 * <p>Paths that contain a symbolic link below the root are refused, as it may lead out of the root. This is checked
 * before each operation. There is no protection against a process that replaces a directory by a link during an
 * operation: a process that may write to the root could as well change the blobs.
 */
final class KeyPaths {
    /** The store's own directory; no key begins with this segment. */
    static final String RESERVED = ".blobstore";

    /** The longest name on all common file systems. */
    private static final int MAX_NAME_BYTES = 255;

    private final Path root;
    private final boolean ignoresCase;

    /**
     * Creates the mapping of a root.
     *
     * @param root the root's real path
     * @param ignoresCase whether the file system ignores case in names
     */
    KeyPaths(Path root, boolean ignoresCase) {
        this.root = root;
        this.ignoresCase = ignoresCase;
    }

    /** Creates the mapping of a root, and detects whether its file system ignores case. */
    static KeyPaths of(Path root) throws IOException {
        Path name = root.getFileName();
        Path twin = name == null ? root : root.resolveSibling(swapCase(name.toString()));
        return new KeyPaths(root, !twin.equals(root) && Files.exists(twin) && Files.isSameFile(root, twin));
    }

    /**
     * Returns the path of a key, without accessing the file system.
     *
     * @throws InvalidBlobKeyException if the key cannot be a path inside the root
     */
    Path resolve(Operation operation, BlobKey key) throws InvalidBlobKeyException {
        String name = key.toString();
        Optional<String> rule = brokenRule(name);
        if (rule.isPresent()) {
            throw new InvalidBlobKeyException(operation, key, rule.get());
        }
        try {
            return root.resolve(name);
        } catch (InvalidPathException e) {
            throw new InvalidBlobKeyException(
                    operation,
                    key,
                    "its characters cannot be part of a file name on this system (" + e.getReason()
                            + "); Java encodes file names by the locale: use a UTF-8 locale, such as LC_ALL=C.UTF-8");
        }
    }

    /** Returns the rule that a key, or a prefix of whole segments, breaks; empty if it breaks none. */
    private Optional<String> brokenRule(String name) {
        if (name.startsWith("/")) {
            return Optional.of("it begins with '/'");
        }
        if (name.indexOf('\0') >= 0) {
            return Optional.of("it contains the character NUL");
        }
        String separator = root.getFileSystem().getSeparator();
        if (!separator.equals("/") && name.contains(separator)) {
            return Optional.of("it contains '" + separator + "', which separates directories on this system");
        }
        String[] segments = name.split("/", -1);
        for (String segment : segments) {
            if (segment.isEmpty()) {
                return Optional.of("it has an empty segment ('//', or '/' at its end)");
            }
            if (segment.equals(".") || segment.equals("..")) {
                return Optional.of("it has the segment '" + segment + "'");
            }
            if (segment.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
                return Optional.of(
                        "it has a segment of more than " + MAX_NAME_BYTES + " bytes, the limit of a file name");
            }
            if (AtomicFile.isReservedName(segment)) {
                return Optional.of("its segment '" + segment + "' is a name of temporary files of downloads");
            }
        }
        if (segments[0].toLowerCase(Locale.ROOT).equals(RESERVED)) {
            return Optional.of("its first segment is '" + RESERVED + "', the store's own directory");
        }
        return Optional.empty();
    }

    /**
     * Returns the deepest directory that contains all keys of a prefix; empty if no key has that prefix.
     *
     * @param prefix any text
     */
    Optional<Path> directoryOf(String prefix) throws IOException {
        int end = prefix.lastIndexOf('/');
        if (end < 0) {
            return Optional.of(root);
        }
        String directory = prefix.substring(0, end);
        if (directory.isEmpty() || brokenRule(directory).isPresent()) {
            return Optional.empty();
        }
        Path path;
        try {
            path = root.resolve(directory);
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
        return leadsOverDirectories(path) && isDirectory(path) ? Optional.of(path) : Optional.empty();
    }

    /**
     * Reads the attributes of a key's file.
     *
     * @return its attributes; empty if the path does not exist or is a directory, so that the key has no blob
     * @throws InvalidBlobKeyException if it is neither a file nor a directory, or the path contains a symbolic link
     */
    Optional<BasicFileAttributes> stat(Operation operation, BlobKey key, Path path) throws IOException {
        for (Path directory : directoriesAbove(path)) {
            Optional<BasicFileAttributes> attributes = attributes(directory);
            if (attributes.isEmpty() || attributes.get().isRegularFile()) {
                return Optional.empty();
            }
            requireDirectory(operation, key, directory, attributes.get());
        }
        Optional<BasicFileAttributes> attributes = attributes(path);
        if (attributes.isEmpty() || attributes.get().isDirectory()) {
            return Optional.empty();
        }
        requireExactName(operation, key, path);
        if (!attributes.get().isRegularFile()) {
            throw new InvalidBlobKeyException(
                    operation,
                    key,
                    attributes.get().isSymbolicLink()
                            ? "its path is a symbolic link, which may lead out of the store"
                            : "its path is neither a file nor a directory");
        }
        return attributes;
    }

    /**
     * Checks that a directory in a key's path may be entered for writing.
     *
     * @throws InvalidBlobKeyException if it is not a directory
     */
    void requireDirectory(Operation operation, BlobKey key, Path directory, BasicFileAttributes attributes)
            throws IOException {
        requireExactName(operation, key, directory);
        if (attributes.isDirectory()) {
            return;
        }
        String name = keyOf(directory);
        throw new InvalidBlobKeyException(
                operation,
                key,
                attributes.isSymbolicLink()
                        ? "'" + name + "' is a symbolic link, which may lead out of the store"
                        : "'" + name + "' is a blob, so it cannot be a directory as well");
    }

    /**
     * Checks that the file at a path has exactly this name: on a file system that ignores case, one key would otherwise
     * have the content of another.
     */
    private void requireExactName(Operation operation, BlobKey key, Path path) throws IOException {
        if (!ignoresCase) {
            return;
        }
        String wanted = path.getFileName().toString();
        try (Stream<Path> siblings = Files.list(parent(path))) {
            Optional<String> twin = siblings.map(
                            sibling -> sibling.getFileName().toString())
                    .filter(name -> name.equalsIgnoreCase(wanted) && !name.equals(wanted))
                    .findFirst();
            if (twin.isPresent()) {
                throw new InvalidBlobKeyException(
                        operation,
                        key,
                        "its segment '" + wanted + "' differs only in case from '" + twin.get()
                                + "', which this file system treats as the same name");
            }
        }
    }

    private static String swapCase(String text) {
        return text.codePoints()
                .map(c -> Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** Returns the directories between the root and a path inside it, both excluded, the outermost first. */
    List<Path> directoriesAbove(Path path) {
        List<Path> directories = new ArrayList<>();
        Path directory = root;
        for (Path name : root.relativize(path)) {
            directory = directory.resolve(name);
            directories.add(directory);
        }
        directories.remove(directories.size() - 1);
        return directories;
    }

    /** Returns the parent directory of a path inside the root. */
    static Path parent(Path path) {
        return Objects.requireNonNull(path.getParent(), "a path inside the root has a parent");
    }

    /** Returns the key of a path inside the root. */
    String keyOf(Path path) {
        return root.relativize(path).toString().replace(root.getFileSystem().getSeparator(), "/");
    }

    /** Returns the attributes at a path, without following links; empty if the path does not exist. */
    static Optional<BasicFileAttributes> attributes(Path path) throws IOException {
        try {
            return Optional.of(Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (FileSystemException e) {
            if (FsErrors.isNotADirectory(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private boolean leadsOverDirectories(Path path) throws IOException {
        for (Path directory : directoriesAbove(path)) {
            if (!isDirectory(directory)) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether a path is a directory, and not a link to one. */
    static boolean isDirectory(Path path) throws IOException {
        return attributes(path).filter(BasicFileAttributes::isDirectory).isPresent();
    }
}
