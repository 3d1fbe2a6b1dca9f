package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.internal.file.AtomicFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Walks the tree depth first, one sorted directory at a time.
 *
 * <p>A directory's entries are sorted by their names in UTF-8 bytes, with {@code /} appended to the names of
 * directories. As the keys inside a directory begin with that text, the walk visits keys in the order of their bytes:
 * {@code a-b}, which sorts before {@code a/b}, comes before the directory {@code a}. Only the directories between the
 * root and the current one are held in memory.
 */
final class FsListing implements BlobListing {
    private static final Operation OPERATION = Operation.LIST;
    private static final Logger LOG = LoggerFactory.getLogger(FsListing.class);

    private final FsRoot root;
    private final ListOptions options;
    private final boolean complete;
    /** The remaining entries of each directory between the root and the current one, the innermost first. */
    private final Deque<Iterator<Name>> walk = new ArrayDeque<>();

    private @Nullable Entry next;
    /** The last common prefix returned, whose keys are skipped. */
    private @Nullable String rolledUp;
    /** The number of files that cannot be blobs. */
    private long skipped;

    private FsListing(FsRoot root, ListOptions options, boolean complete) {
        this.root = root;
        this.options = options;
        this.complete = complete;
    }

    /**
     * Opens a listing.
     *
     * @param complete whether every directory that cannot be read is an error. Otherwise one directly in the root is
     *     skipped, as {@code lost+found} is one, unless the prefix names it.
     */
    static FsListing open(FsRoot root, ListOptions options, boolean complete) throws IOException {
        root.requireDirectory();
        FsListing listing = new FsListing(root, options, complete);
        Optional<Path> directory = root.paths().directoryOf(options.prefix());
        if (directory.isPresent()) {
            listing.descend(directory.get());
        }
        return listing;
    }

    /**
     * An entry of a directory.
     *
     * @param text the key of a file; the prefix of the keys inside a directory
     */
    private record Name(Path path, String text, BlobKey order, boolean isDirectory) implements Comparable<Name> {
        @Override
        public int compareTo(Name other) {
            return order.compareTo(other.order);
        }
    }

    @Override
    public boolean hasNext() throws IOException {
        if (next == null) {
            root.requireOpen();
            next = FsErrors.translating(OPERATION, null, root.path(), this::advance)
                    .orElse(null);
        }
        return next != null;
    }

    @Override
    public Entry next() throws IOException {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException("the listing has no more entries");
        }
        Entry entry = next;
        next = null;
        return entry;
    }

    @Override
    public long skipped() {
        return skipped;
    }

    private void skip(Path path, String reason) {
        if (skipped++ == 0) {
            LOG.warn("A listing of {} skips what cannot be a blob; first {}: {}", root.path(), path, reason);
        }
    }

    /** Ends the listing. Nothing is open between calls, as each directory is read at once. */
    @Override
    public void close() {
        walk.clear();
        next = null;
    }

    private Optional<Entry> advance() throws IOException {
        while (!walk.isEmpty()) {
            if (!walk.peek().hasNext()) {
                walk.pop();
                continue;
            }
            Name name = walk.peek().next();
            if (isDone(name)) {
                continue;
            }
            if (name.isDirectory()) {
                enter(name);
                continue;
            }
            Optional<Entry> entry = entry(name);
            if (entry.isPresent()) {
                return entry;
            }
        }
        return Optional.empty();
    }

    private boolean isDone(Name name) {
        if (rolledUp != null && name.text().startsWith(rolledUp)) {
            return true;
        }
        if (!name.text().startsWith(options.prefix())
                && !(name.isDirectory() && options.prefix().startsWith(name.text()))) {
            return true;
        }
        // A directory sorts as the first key that could be in it, and may hold keys after a start that begins with its
        // own text.
        return options.startAfter().isPresent()
                && isNotAfter(name.text(), options.startAfter().get())
                && !(name.isDirectory() && options.startAfter().get().startsWith(name.text()));
    }

    private Optional<Entry> entry(Name name) throws IOException {
        BlobKey key = BlobKey.of(name.text());
        Optional<BlobFile> blob;
        try {
            blob = BlobFile.open(root.paths(), OPERATION, key, name.path());
        } catch (InvalidBlobKeyException e) {
            return Optional.empty(); // replaced by a link or a special file meanwhile
        }
        if (blob.isEmpty()) {
            return Optional.empty(); // deleted meanwhile
        }
        try (BlobFile open = blob.get()) {
            Optional<String> common = commonPrefix(name.text());
            if (common.isPresent()) {
                rolledUp = common.get();
                boolean behind = options.startAfter()
                        .filter(start -> isNotAfter(common.get(), start))
                        .isEmpty();
                return behind ? Optional.of(CommonPrefix.of(common.get())) : Optional.empty();
            }
            return Optional.of(Blob.of(
                    key,
                    open.attributes().size(),
                    Optional.of(open.version()),
                    Optional.of(open.attributes().lastModifiedTime().toInstant())));
        }
    }

    private Optional<String> commonPrefix(String key) {
        return options.delimiter().flatMap(delimiter -> {
            int at = key.indexOf(delimiter, options.prefix().length());
            return at < 0 ? Optional.empty() : Optional.of(key.substring(0, at + delimiter.length()));
        });
    }

    private static boolean isNotAfter(String text, String start) {
        return start.isEmpty() ? text.isEmpty() : BlobKey.of(text).compareTo(BlobKey.of(start)) <= 0;
    }

    private void enter(Name directory) throws IOException {
        try {
            descend(directory.path());
        } catch (AccessDeniedException e) {
            boolean isInRoot = KeyPaths.parent(directory.path()).equals(root.path());
            boolean isNamed = (options.prefix() + "/").startsWith(directory.text());
            if (complete || isNamed || !isInRoot) {
                throw e;
            }
            skip(directory.path(), "it is a directory that may not be read");
        }
    }

    private void descend(Path directory) throws IOException {
        List<Name> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path path : entries) {
                if (!AtomicFile.isReservedName(path.getFileName().toString())) {
                    name(path).ifPresent(names::add);
                }
            }
        } catch (NoSuchFileException e) {
            return; // removed meanwhile
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        Collections.sort(names);
        walk.push(names.iterator());
    }

    /**
     * Returns a directory entry as a name; empty for the store's own directory and for entries that cannot be blobs,
     * which are counted: links and special files, names that cannot be decoded or are too long.
     */
    private Optional<Name> name(Path path) throws IOException {
        String text = root.paths().keyOf(path);
        Optional<BasicFileAttributes> attributes = KeyPaths.attributes(path);
        if (attributes.isEmpty() || text.equals(KeyPaths.RESERVED)) {
            return Optional.empty();
        }
        if (!root.path().resolve(text).equals(path)) {
            skip(path, "its name cannot be decoded; use a UTF-8 locale");
            return Optional.empty();
        }
        boolean isDirectory = attributes.get().isDirectory();
        if (!isDirectory && !attributes.get().isRegularFile()) {
            skip(path, attributes.get().isSymbolicLink() ? "it is a symbolic link" : "it is not a file");
            return Optional.empty();
        }
        String sorted = isDirectory ? text + "/" : text;
        try {
            return Optional.of(new Name(path, sorted, BlobKey.of(sorted), isDirectory));
        } catch (IllegalArgumentException e) {
            skip(path, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }
}
