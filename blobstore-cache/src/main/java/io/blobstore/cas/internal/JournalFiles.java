package io.blobstore.cas.internal;

import io.blobstore.internal.file.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a journal: a snapshot of all entries in the order of their last use, and logs of what happened since.
 * All consist of {@linkplain JournalRecord records} and nothing else.
 *
 * <pre>
 * journal/snapshot-1            replaced by a rename
 * journal/log-1-SEQUENCE-OWNER  written by the session OWNER only, which never appends to a log of an earlier run
 * </pre>
 *
 * <p>The 1 in the names is the version of the format; files of other versions are left alone. Thread-safe.
 */
final class JournalFiles {
    private static final Logger LOG = LoggerFactory.getLogger(JournalFiles.class);
    private static final String SNAPSHOT = "snapshot-1";
    private static final Pattern LOG_NAME = Pattern.compile("log-1-([0-9]{16})-(.+)");
    private static final int BUFFER = 1 << 20;

    private final Path directory;

    /**
     * A log.
     *
     * @param sequence orders the logs of an owner
     * @param owner the name of the session that writes it
     */
    record Log(Path path, long sequence, String owner) {}

    /**
     * What the files say.
     *
     * @param state the entries
     * @param damaged the number of records that were ignored, as they were damaged
     * @param logs the logs that were read
     * @param snapshotRecords the number of records in the snapshot; -1 if there is none
     */
    record Content(JournalState state, long damaged, List<Log> logs, long snapshotRecords) {
        /** Returns whether the last run ended by closing the cache, so that no event is missing. */
        boolean isComplete() {
            return snapshotRecords >= 0 && damaged == 0 && logs.isEmpty();
        }
    }

    /** Creates an object for a directory, which may be missing. */
    JournalFiles(Path directory) {
        this.directory = directory;
    }

    /** Creates the directory. */
    void create() throws IOException {
        Files.createDirectories(directory);
    }

    /** Returns the path of a new log. */
    Path log(long sequence, String owner) {
        return directory.resolve("log-1-%016d-%s".formatted(sequence, owner));
    }

    /** Returns the path of the snapshot. */
    Path snapshot() {
        return directory.resolve(SNAPSHOT);
    }

    /** Lists the logs in the order of their sequence. */
    List<Log> logs() throws IOException {
        List<String> names = Layout.names(directory);
        List<Log> logs = new ArrayList<>();
        for (String name : names == null ? List.<String>of() : names) {
            Matcher matcher = LOG_NAME.matcher(name);
            if (matcher.matches()) {
                logs.add(new Log(directory.resolve(name), Long.parseLong(matcher.group(1)), matcher.group(2)));
            }
        }
        logs.sort(Comparator.comparingLong(Log::sequence));
        return logs;
    }

    /** Returns whether the owner of a log has begun another one after it. */
    boolean hasLater(Log log) {
        try {
            return logs().stream()
                    .anyMatch(other -> other.owner().equals(log.owner()) && other.sequence() > log.sequence());
        } catch (IOException e) {
            LOG.debug("{} cannot be listed", directory, e);
            return false;
        }
    }

    /**
     * Reads the snapshot and logs. Damaged records are ignored; so is the rest of a file that cannot be read.
     *
     * @param wanted which logs to read
     */
    Content read(Predicate<Log> wanted) throws IOException {
        JournalState state = new JournalState();
        long[] damaged = {0};
        long snapshotRecords = read(snapshot(), state, damaged);
        List<Log> logs = new ArrayList<>();
        for (Log log : logs()) {
            if (wanted.test(log)) {
                logs.add(log);
                read(log.path(), state, damaged);
            }
        }
        return new Content(state, damaged[0], logs, snapshotRecords);
    }

    /** Applies a file's records; returns their number, or -1 if there is no such file. */
    private static long read(Path file, JournalState state, long[] damaged) {
        long records = 0;
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        long[] words = new long[JournalRecord.WORDS];
        CRC32C crc = new CRC32C();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long end = channel.size(); // of a regular file: a device may never end
            while (channel.position() < end && channel.read(buffer) >= 0) {
                buffer.flip();
                while (buffer.remaining() >= JournalRecord.BYTES) {
                    if (JournalRecord.read(buffer, words, crc)) {
                        state.apply(words);
                    } else {
                        damaged[0]++;
                    }
                    records++;
                }
                buffer.compact();
            }
            if (buffer.position() > 0) {
                damaged[0]++; // the last write was cut off
            }
        } catch (NoSuchFileException e) {
            return -1;
        } catch (IOException e) {
            damaged[0]++;
            LOG.debug("{} could not be read further", file, e);
        }
        return records;
    }

    /** Returns when the journal was written last, in milliseconds of the epoch; the lowest number if never. */
    long lastWritten() throws IOException {
        long last = Long.MIN_VALUE;
        List<Path> files = new ArrayList<>(List.of(snapshot()));
        logs().forEach(log -> files.add(log.path()));
        for (Path file : files) {
            try {
                last = Math.max(last, Files.getLastModifiedTime(file).toMillis());
            } catch (NoSuchFileException e) {
                LOG.debug("There is no {}", file, e);
            }
        }
        return last;
    }

    /**
     * Replaces the snapshot by a rename, after forcing it to the device, then deletes the logs that it contains.
     *
     * @param temporary an unused path for the file until it is complete
     * @return the number of entries
     */
    long replaceSnapshot(JournalState state, Path temporary, List<Log> contained) throws IOException {
        int[] order = state.inOrder();
        create();
        try (AtomicFile file = AtomicFile.create(snapshot(), temporary)) {
            try (AtomicFile.Section section = file.section(0)) {
                ByteBuffer buffer = ByteBuffer.allocateDirect(AtomicFile.MAX_WRITE);
                CRC32C crc = new CRC32C();
                for (int index : order) {
                    if (buffer.remaining() < JournalRecord.BYTES) {
                        section.write(buffer.flip());
                        buffer.clear();
                    }
                    JournalRecord.write(buffer, state.words(index), state.at(index), crc);
                }
                section.write(buffer.flip());
            }
            file.force();
            file.replaceTarget();
        }
        for (Log log : contained) {
            Files.deleteIfExists(log.path());
        }
        return order.length;
    }
}
