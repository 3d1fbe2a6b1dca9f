package io.blobstore.cache.pieces;

import io.blobstore.cas.CacheDirectoryException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of the pieces: its lock, the files' names, publishing and deleting them. Thread-safe.
 *
 * <pre>
 *   lock                     locked while a process has the directory open
 *   order                    the names of the pieces when it was closed, the one unused for longest first
 *   tmp/N                    pieces being received; deleted when the directory is opened
 *   BLOB/VERSION-…           pieces; see {@link PieceNames}
 * </pre>
 *
 * <p>Files with other names are never touched.
 */
final class PieceDirectory implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(PieceDirectory.class);
    private static final int ATTEMPTS = 100;

    private final Path root;
    private final Path temporaries;
    private final OrderFile order;
    private final DirectoryLock lock;
    private final AtomicLong temporary = new AtomicLong();
    private final AtomicLong serial = new AtomicLong();

    private PieceDirectory(Path root, DirectoryLock lock) {
        this.root = root;
        this.temporaries = root.resolve("tmp");
        this.order = new OrderFile(root.resolve("order"));
        this.lock = lock;
    }

    /**
     * Creates what is missing, locks the directory, and deletes unfinished pieces.
     *
     * @throws io.blobstore.cas.CacheInUseException if it is open already, in this process or another one
     * @throws CacheDirectoryException if the path is something other than a directory
     */
    static PieceDirectory open(Path path) throws IOException {
        Path root = create(path);
        DirectoryLock lock = DirectoryLock.acquire(root);
        try {
            PieceDirectory directory = new PieceDirectory(root, lock);
            create(directory.temporaries);
            directory.deleteTemporaries();
            return directory;
        } catch (IOException | RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    private static Path create(Path path) throws IOException {
        try {
            Files.createDirectories(path);
            return path.toRealPath();
        } catch (FileAlreadyExistsException e) {
            throw new CacheDirectoryException(path + " is not a directory; name another one for the pieces", e);
        }
    }

    private void deleteTemporaries() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(temporaries, "[0-9a-f]*.part")) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /** A piece that was found. */
    private record Found(Piece piece, int rank, FileTime modified) {}

    /** Returns the pieces whose files are there, the one unused for longest first. Their content was not read. */
    List<Piece> list() throws IOException {
        Map<String, Integer> ranks = order.load();
        List<Found> found = new ArrayList<>();
        int foreign = 0;
        try (DirectoryStream<Path> blobs = Files.newDirectoryStream(root)) {
            for (Path blob : blobs) {
                if (PieceNames.isBlob(blob.getFileName().toString())
                        && Files.isDirectory(blob, LinkOption.NOFOLLOW_LINKS)) {
                    foreign += list(blob, ranks, found);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        if (foreign > 0) {
            LOG.warn("{} has {} files that are not pieces; they are left alone, and not counted", root, foreign);
        }
        found.sort(Comparator.comparingInt(Found::rank).thenComparing(Found::modified));
        return found.stream().map(Found::piece).toList();
    }

    /** Lists the pieces of a blob; returns the number of other files. */
    private int list(Path blob, Map<String, Integer> ranks, List<Found> found) throws IOException {
        int foreign = 0;
        Map<PieceId, Piece> known = new HashMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(blob)) {
            for (Path file : files) {
                Piece piece =
                        PieceNames.parse(blob.getFileName().toString(), file).orElse(null);
                if (piece == null) {
                    foreign++;
                    continue;
                }
                serial.accumulateAndGet(piece.serial, Math::max);
                BasicFileAttributes attributes =
                        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                if (!attributes.isRegularFile()) {
                    foreign++;
                } else if (attributes.size() != piece.length || known.putIfAbsent(piece.id, piece) != null) {
                    LOG.warn("{} has {} bytes, or is there twice; it is deleted", file, attributes.size());
                    Files.deleteIfExists(file);
                } else {
                    // Those that the list does not know are newer than it.
                    int rank = ranks.getOrDefault(PieceNames.of(piece), Integer.MAX_VALUE);
                    found.add(new Found(piece, rank, attributes.lastModifiedTime()));
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return foreign;
    }

    /** Returns the path of a piece's file. */
    Path path(Piece piece) {
        return root.resolve(PieceNames.of(piece));
    }

    /** Returns a new path for a piece being received. */
    Path newTemporary() {
        return temporaries.resolve(Long.toHexString(temporary.incrementAndGet()) + ".part");
    }

    /** Returns a number that no other file's name has. */
    long newSerial() {
        return serial.incrementAndGet();
    }

    /** Moves the complete file of a piece to its place. */
    void publish(Path finished, Piece piece) throws IOException {
        Path place = path(piece);
        for (int attempt = 1; ; attempt++) {
            try {
                Files.move(finished, place, StandardCopyOption.ATOMIC_MOVE);
                return;
            } catch (NoSuchFileException e) { // no directory yet, or another thread has deleted the empty one
                if (attempt == ATTEMPTS || !Files.exists(finished)) {
                    throw e;
                }
                createIfMissing(place.resolveSibling(""));
            }
        }
    }

    private static void createIfMissing(Path directory) throws IOException {
        try {
            Files.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            // or another thread is about to delete it
        }
    }

    /** Deletes the file of a piece, and the directory if it was the last one. */
    void delete(Piece piece) {
        Path place = path(piece);
        try {
            Files.deleteIfExists(place);
            Files.deleteIfExists(place.resolveSibling(""));
        } catch (DirectoryNotEmptyException e) {
            // has other pieces
        } catch (IOException e) {
            LOG.warn("{} could not be deleted; it takes room until the cache is opened again", place, e);
        }
    }

    /** Saves the order of the pieces, the one unused for longest first. */
    void saveOrder(List<Piece> pieces) throws IOException {
        order.save(pieces.stream().map(PieceNames::of).toList());
    }

    /** Unlocks the directory. Idempotent. */
    @Override
    public void close() throws IOException {
        lock.close();
    }

    @Override
    public String toString() {
        return root.toString();
    }
}
