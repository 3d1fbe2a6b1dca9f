package io.blobstore.cache;

import io.blobstore.cas.ContentPins;
import io.blobstore.internal.file.AtomicFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
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
 * The records of blobs to be uploaded, a file for each, whose name {@linkplain ContentPins pins} the content. A record
 * is forced to the device before it counts. Files that cannot be decoded are kept, and so is their content, and
 * reported.
 *
 * <pre>
 * state/pending/SHA256 OF THE STORE'S ID/
 *     store                             the id
 *     SEQUENCE-SHA256-SIZE.pending      a record
 *     SEQUENCE-SHA256-SIZE.pending.lost one whose content was lost before it was uploaded
 * </pre>
 *
 * <p>Thread-safe.
 */
final class PendingFiles implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(PendingFiles.class);
    static final String STORE = "store";
    static final String LOST = ".lost";
    private static final String SUFFIX = ".pending";
    private static final String TEMPORARY = ".tmp";
    private static final int SEQUENCE_DIGITS = 16;

    /** The directories in use by this process. Those of other processes are excluded by the lock of the cache. */
    private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final Path real;
    private final ContentPins pins;

    private PendingFiles(Path directory, Path real, ContentPins pins) {
        this.directory = directory;
        this.real = real;
        this.pins = pins;
    }

    /**
     * Opens the directory of a store, which is created if it is missing.
     *
     * @param name the name of the directory, which the id of the store determines
     * @throws IllegalStateException if another store of this process has it open
     */
    static PendingFiles open(ContentPins pins, String name, String storeId) throws IOException {
        Path directory = pins.directory().resolve(name);
        Path real = Files.createDirectories(directory).toRealPath();
        if (!OPEN.add(real)) {
            throw new IllegalStateException("another cached store of this process writes back from " + real
                    + "; share it, or give each of them another store id");
        }
        PendingFiles files = new PendingFiles(directory, real, pins);
        try {
            Path store = directory.resolve(STORE);
            if (!Files.exists(store)) {
                files.write(store, ByteBuffer.wrap(storeId.getBytes(StandardCharsets.UTF_8)));
            }
            return files;
        } catch (IOException | RuntimeException e) {
            files.close();
            throw e;
        }
    }

    @Override
    public void close() {
        OPEN.remove(real);
    }

    /**
     * The records of a store.
     *
     * @param records those to be uploaded, ordered by their sequence
     * @param lastSequence a number that no file exceeds
     */
    record Loaded(List<PendingRecord> records, long lastSequence) {}

    /** Returns the records that are there, and deletes unfinished ones. */
    Loaded load() throws IOException {
        List<PendingRecord> records = new ArrayList<>();
        long last = 0;
        List<Path> files;
        try (Stream<Path> list = Files.list(directory)) {
            files = list.toList();
        }
        for (Path file : files) {
            String name = file.getFileName().toString();
            last = Math.max(last, sequence(name));
            if (name.endsWith(TEMPORARY)) {
                Files.deleteIfExists(file);
            } else if (name.endsWith(SUFFIX)) {
                decode(file).ifPresent(records::add);
            } else if (name.endsWith(LOST)) {
                LOG.warn("{} is the record of a blob that was acknowledged, and lost in an earlier run", file);
            }
        }
        records.sort(Comparator.comparingLong(PendingRecord::sequence));
        return new Loaded(records, last);
    }

    private Optional<PendingRecord> decode(Path file) throws IOException {
        pins.add(file);
        Optional<PendingRecord> record =
                PendingRecord.decode(Files.readAllBytes(file)).filter(decoded -> file.equals(path(decoded)));
        if (record.isEmpty()) {
            LOG.error(
                    "{} is damaged: the blob of which it is the record will not be uploaded; its content is kept in the"
                            + " cache until this file is deleted",
                    file);
        }
        return record;
    }

    /** Returns the number with which a name begins; 0 if with none. */
    private static long sequence(String name) {
        try {
            return name.length() < SEQUENCE_DIGITS ? 0 : Long.parseLong(name.substring(0, SEQUENCE_DIGITS), 16);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Pins the content of a record that is going to be stored. {@link #remove} undoes that. */
    void pin(PendingRecord record) throws IOException {
        pins.add(path(record));
    }

    /** Stores a record, whose content is pinned. When this returns, it survives a power failure. */
    void add(PendingRecord record) throws IOException {
        write(path(record), record.encode());
    }

    private void write(Path file, ByteBuffer bytes) throws IOException {
        try (AtomicFile content = AtomicFile.create(file, file.resolveSibling(file.getFileName() + TEMPORARY));
                AtomicFile.Section section = content.section(0)) {
            section.write(bytes);
            content.force();
            content.replaceTarget();
        }
        AtomicFile.forceDirectory(directory);
    }

    /**
     * Deletes a record, if it is there, and unpins its content. When this returns, it does not come back after a power
     * failure: otherwise its blob would then replace what was stored, or come back though it was deleted, after its
     * upload.
     */
    void remove(PendingRecord record) throws IOException {
        Path file = path(record);
        boolean deleted = Files.deleteIfExists(file);
        try {
            if (deleted) {
                AtomicFile.forceDirectory(directory);
            }
        } finally {
            pins.remove(file);
        }
    }

    /** Sets a record aside whose content is lost. Returns its new path. */
    Path lost(PendingRecord record) throws IOException {
        Path file = path(record);
        Path aside =
                Files.move(file, file.resolveSibling(file.getFileName() + LOST), StandardCopyOption.REPLACE_EXISTING);
        try {
            AtomicFile.forceDirectory(directory);
        } finally {
            pins.remove(file);
        }
        return aside;
    }

    private Path path(PendingRecord record) {
        return directory.resolve(ContentPins.fileName(record.sequence(), record.content()));
    }
}
