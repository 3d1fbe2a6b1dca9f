package io.blobstore.cas.internal;

import io.blobstore.cas.Keyspace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the logs of the other processes that share a cache: what they add, remove and use is added, removed and used
 * in the index of this one, so that each process knows all entries in about the same order, and can become the leader.
 *
 * <p>Not thread-safe.
 */
final class LogTail {
    private static final Logger LOG = LoggerFactory.getLogger(LogTail.class);
    private static final int BUFFER = 1 << 18;

    private final JournalFiles files;
    private final Journal own;
    private final Index index;
    private final Map<Path, Long> offsets = new HashMap<>();
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    private final long[] words = new long[JournalRecord.WORDS];
    private final CRC32C crc = new CRC32C();

    /** Creates an object that begins at the current ends of the logs. */
    LogTail(JournalFiles files, Journal own, Index index, Map<Path, Long> offsets) {
        this.files = files;
        this.own = own;
        this.index = index;
        this.offsets.putAll(offsets);
    }

    /** Returns the lengths of all logs. */
    static Map<Path, Long> ends(JournalFiles files) throws IOException {
        Map<Path, Long> ends = new HashMap<>();
        for (JournalFiles.Log log : files.logs()) {
            ends.put(log.path(), log.path().toFile().length());
        }
        return ends;
    }

    /** Applies what the others have written since the last call. */
    void follow() throws IOException {
        List<JournalFiles.Log> logs = files.logs();
        for (JournalFiles.Log log : logs) {
            if (!own.isOwn(log)) {
                long offset = offsets.getOrDefault(log.path(), 0L);
                if (log.path().toFile().length() >= offset + JournalRecord.BYTES) {
                    offsets.put(log.path(), follow(log.path(), offset));
                }
            }
        }
        offsets.keySet()
                .removeIf(path -> logs.stream().noneMatch(log -> log.path().equals(path)));
    }

    private long follow(Path log, long from) throws IOException {
        long offset = from;
        try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ)) {
            // A record that a full disk or a crash has cut off may stay so: it is read again by the next call.
            while (channel.read(buffer.clear(), offset) >= JournalRecord.BYTES) {
                buffer.flip();
                while (buffer.remaining() >= JournalRecord.BYTES) {
                    offset += JournalRecord.BYTES;
                    if (JournalRecord.read(buffer, words, crc)) {
                        own.withoutRecording(this::apply);
                    }
                }
            }
        } catch (NoSuchFileException e) {
            LOG.debug("{} was deleted, as it is in the snapshot", log, e);
        }
        return offset;
    }

    /**
     * Decides between two files of one content, which two processes have put at the same time: each learns of the
     * other's file, and both must keep the same one. Of records, which differ, neither is kept then.
     */
    private static boolean staysInsteadOf(EntryFile present, EntryFile added) {
        return present.key().keyspace() == Keyspace.CAS && present.name().compareTo(added.name()) < 0;
    }

    private void apply() {
        if ((JournalRecord.suffixCode(words, 0) & JournalRecord.OTHER_SUFFIX) != 0) {
            return; // not the name of a file that this library has written
        }
        EntryFile file = JournalRecord.file(words, 0);
        Optional<Entry> entry = index.peek(file.key());
        boolean same = entry.map(present -> present.file().equals(file)).orElse(false);
        switch (JournalRecord.operation(words)) {
            case JournalRecord.ADDED -> {
                if (!same && !(entry.isPresent() && staysInsteadOf(entry.get().file(), file))) {
                    entry.ifPresent(index::remove); // replaced, by a process that may not have known it
                    index.load(file, JournalRecord.storedSize(words, 0), Index.NOW);
                }
            }
            case JournalRecord.REMOVED -> {
                if (same) {
                    entry.ifPresent(index::remove);
                }
            }
            default -> {
                if (same) {
                    index.contains(file.key());
                }
            }
        }
    }
}
