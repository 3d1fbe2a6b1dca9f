package io.blobstore.cache;

import io.blobstore.internal.file.AtomicFile;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records of blobs to be uploaded, a file for each, {@code SEQUENCE.pending} in hex. A record is forced to the
 * device before it counts. Files that cannot be decoded are kept, and reported. Thread-safe.
 */
final class PendingFiles implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(PendingFiles.class);
    private static final String SUFFIX = ".pending";
    private static final String TEMPORARY = ".tmp";
    private static final String LOST = ".lost";

    /** The directories in use by this process. Those of other processes are excluded by the lock of the cache. */
    private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

    private final Path directory;

    private PendingFiles(Path directory) {
        this.directory = directory;
    }

    /**
     * Opens a directory, which is created if it is missing.
     *
     * @throws IllegalStateException if another store of this process has it open
     */
    static PendingFiles open(Path directory) throws IOException {
        Path real = Files.createDirectories(directory).toRealPath();
        if (!OPEN.add(real)) {
            throw new IllegalStateException("another cached store of this process writes back from " + real
                    + "; share it, or give each of them another store id");
        }
        return new PendingFiles(real);
    }

    @Override
    public void close() {
        OPEN.remove(directory);
    }

    /** Returns whether a directory of directories of records has a record. */
    static boolean isAnyIn(Path stores) throws IOException {
        if (!Files.isDirectory(stores)) {
            return false;
        }
        try (Stream<Path> files = Files.walk(stores, 2)) {
            return files.anyMatch(file -> file.getFileName().toString().endsWith(SUFFIX));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Returns the records that are there, ordered by their sequence, and deletes unfinished ones. */
    List<PendingRecord> load() throws IOException {
        List<PendingRecord> records = new ArrayList<>();
        List<Path> files;
        try (Stream<Path> list = Files.list(directory)) {
            files = list.toList();
        }
        for (Path file : files) {
            String name = file.getFileName().toString();
            if (name.endsWith(TEMPORARY)) {
                Files.deleteIfExists(file);
            } else if (name.endsWith(SUFFIX)) {
                Optional<PendingRecord> record = PendingRecord.decode(Files.readAllBytes(file));
                if (record.isPresent() && file.equals(path(record.get()))) {
                    records.add(record.get());
                } else {
                    LOG.error("{} is damaged: the blob that it names will not be uploaded", file);
                }
            }
        }
        records.sort(Comparator.comparingLong(PendingRecord::sequence));
        return records;
    }

    /** Stores a record. When this returns, it survives a power failure. */
    void add(PendingRecord record) throws IOException {
        Path file = path(record);
        try (AtomicFile content = AtomicFile.create(file, file.resolveSibling(file.getFileName() + TEMPORARY));
                AtomicFile.Section section = content.section(0)) {
            section.write(record.encode());
            content.force();
            content.replaceTarget();
        }
        AtomicFile.forceDirectory(directory);
    }

    /**
     * Deletes a record. When this returns, it does not come back after a power failure: otherwise its blob would then
     * replace what was stored, or come back though it was deleted, after its upload.
     */
    void remove(PendingRecord record) throws IOException {
        if (Files.deleteIfExists(path(record))) {
            AtomicFile.forceDirectory(directory);
        }
    }

    /** Sets a record aside whose content is lost. Returns its new path. */
    Path lost(PendingRecord record) throws IOException {
        Path file = path(record);
        return Files.move(file, file.resolveSibling(file.getFileName() + LOST), StandardCopyOption.REPLACE_EXISTING);
    }

    private Path path(PendingRecord record) {
        return directory.resolve(String.format("%016x", record.sequence()) + SUFFIX);
    }
}
