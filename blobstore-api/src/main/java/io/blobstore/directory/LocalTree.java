package io.blobstore.directory;

import io.blobstore.BlobKey;
import io.blobstore.internal.file.AtomicFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Walks a directory tree depth first.
 *
 * <p>Unsorted, it holds one open directory for each level. Sorted, it holds the entries of each directory between the
 * root and the current one, and visits files in the order in which a store lists their keys: a directory's name is
 * compared with '/' appended, so that {@code a-b} comes before {@code a/b}.
 */
final class LocalTree implements EntryStream {
    private final Path root;
    private final Options options;
    private final Selection selection;
    private final Tally tally;
    private final Deque<Directory> walk = new ArrayDeque<>();

    /**
     * How a tree is walked.
     *
     * @param sorted whether files are visited in the order of their keys
     * @param followLinks whether symbolic links are followed
     * @param isSource whether what is no file counts as skipped
     */
    record Options(boolean sorted, boolean followLinks, boolean isSource) {}

    /**
     * An entry of a directory.
     *
     * @param text its relative path, which ends with '/' for a directory
     */
    private record Found(Path path, String text, BlobKey order, BasicFileAttributes attributes) {
        boolean isDirectory() {
            return attributes.isDirectory();
        }
    }

    /**
     * A directory that is being walked.
     *
     * @param text its relative path, with '/' at the end; empty for the root
     * @param identity identifies the directory whatever its path
     * @param entries the entries left; the items are paths or, in a sorted walk, {@link Found}
     */
    private record Directory(
            String text,
            Object identity,
            Iterator<?> entries,
            @Nullable Closeable stream) {
        void close() throws IOException {
            if (stream != null) {
                stream.close();
            }
        }
    }

    private LocalTree(Path root, Options options, Selection selection, Tally tally) {
        this.root = root;
        this.options = options;
        this.selection = selection;
        this.tally = tally;
    }

    /**
     * Opens a directory.
     *
     * @throws IOException if it is missing, no directory, or cannot be read
     */
    static LocalTree open(Path root, Options options, Selection selection, Tally tally) throws IOException {
        LocalTree tree = new LocalTree(root, options, selection, tally);
        tree.enter(root, "", Files.readAttributes(root, BasicFileAttributes.class));
        return tree;
    }

    @Override
    public @Nullable DirectoryEntry next() throws IOException {
        while (!walk.isEmpty()) {
            Directory directory = walk.peek();
            Found found = next(directory);
            if (found == null) {
                walk.pop().close();
            } else if (found.isDirectory()) {
                descend(found);
            } else {
                BasicFileAttributes file = found.attributes();
                DirectoryEntry entry = new DirectoryEntry(
                        found.text(),
                        file.size(),
                        Optional.of(file.lastModifiedTime().toInstant()));
                if (selection.contains(entry)) {
                    return entry;
                }
            }
        }
        return null;
    }

    /** Returns the next file or directory of a directory; null if there is none, or it cannot be read any further. */
    private @Nullable Found next(Directory directory) throws IOException {
        try {
            while (directory.entries().hasNext()) {
                Object entry = directory.entries().next();
                Found found = entry instanceof Found sorted ? sorted : find((Path) entry, directory.text());
                if (found != null) {
                    return found;
                }
            }
        } catch (DirectoryIteratorException e) {
            tally.unreadable(directory.text(), cause(e));
        }
        return null;
    }

    /** Reads the attributes of an entry; returns null if it is to be left out. */
    private @Nullable Found find(Path path, String parent) throws IOException {
        String name = path.getFileName().toString();
        String text = parent + name;
        if (AtomicFile.isReservedName(name)) {
            return null; // a download that is in progress
        }
        try {
            if (!path.getFileSystem().getPath(name).equals(path.getFileName())) {
                throw new IllegalArgumentException(
                        "the name is not valid in the character set of the locale; use a UTF-8 locale, or rename it");
            }
            BasicFileAttributes attributes =
                    Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (attributes.isSymbolicLink() && options.followLinks) {
                attributes = Files.readAttributes(path, BasicFileAttributes.class);
            }
            if (attributes.isDirectory()) {
                return new Found(path, text + "/", BlobKey.of(text + "/"), attributes);
            }
            if (attributes.isRegularFile()) {
                return new Found(path, text, BlobKey.of(text), attributes);
            }
            if (options.isSource) {
                tally.skipped();
            }
        } catch (NoSuchFileException e) {
            if (Files.isSymbolicLink(path)) {
                tally.unreadable(text, e); // dangling
            } // else deleted since the directory was read
        } catch (IOException | IllegalArgumentException e) {
            tally.unreadable(text, e);
        }
        return null;
    }

    private void descend(Found directory) throws IOException {
        String text = directory.text();
        if (selection.excludes(text.substring(0, text.length() - 1))) {
            return;
        }
        try {
            enter(directory.path(), text, directory.attributes());
        } catch (IOException e) {
            tally.unreadable(text, e);
        }
    }

    private void enter(Path path, String text, BasicFileAttributes attributes) throws IOException {
        Object identity = attributes.fileKey() != null ? attributes.fileKey() : path.toRealPath();
        if (options.followLinks
                && walk.stream().anyMatch(parent -> parent.identity().equals(identity))) {
            throw new FileSystemLoopException(path.toString());
        }
        walk.push(options.sorted ? sorted(path, text, identity) : streamed(path, text, identity));
    }

    @SuppressWarnings("StreamResourceLeak") // closed with the directory
    private static Directory streamed(Path path, String text, Object identity) throws IOException {
        DirectoryStream<Path> stream = Files.newDirectoryStream(path);
        return new Directory(text, identity, stream.iterator(), stream);
    }

    private Directory sorted(Path path, String text, Object identity) throws IOException {
        List<Found> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(path)) {
            for (Path entry : stream) {
                Found found = find(entry, text);
                if (found != null) {
                    entries.add(found);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw cause(e);
        }
        entries.sort(Comparator.comparing(Found::order));
        return new Directory(text, identity, entries.iterator(), null);
    }

    private static IOException cause(DirectoryIteratorException e) {
        return Objects.requireNonNull(e.getCause(), "cause");
    }

    /** Closes the directories that are open. */
    @Override
    public void close() throws IOException {
        while (!walk.isEmpty()) {
            walk.pop().close();
        }
    }

    @Override
    public String toString() {
        return "LocalTree[" + root + "]";
    }
}
