package io.blobstore.cas.internal;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file that a {@link Journal} appends its records to. It is replaced by another one, with a higher number, when it
 * is to be compacted, and after a failure. Nothing fails because of it; a failure is logged once.
 *
 * <p>Thread-safe. Its lock is held during I/O.
 */
final class JournalLog {
    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

    /** The records of a log that is not worth a compaction, however short the snapshot is. */
    private static final long SMALL_LOG = 1 << 14;

    private final JournalFiles files;
    private final String owner;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final ByteBuffer buffer = ByteBuffer.allocate(1024 * JournalRecord.BYTES);
    private final long[] words = new long[JournalRecord.WORDS];
    private final CRC32C crc = new CRC32C();
    private @Nullable FileOutputStream log;
    private long sequence;
    private long logRecords;
    private long snapshotRecords;
    private boolean warned;

    /**
     * Creates an object, and no file.
     *
     * @param owner the name of this session
     * @param sequence the number of the first log
     */
    JournalLog(JournalFiles files, String owner, long sequence) {
        this.files = files;
        this.owner = owner;
        this.sequence = sequence;
    }

    /** Creates the file. */
    void open() {
        lock.lock();
        try {
            stream();
        } catch (IOException e) {
            failed(e);
        } finally {
            lock.unlock();
        }
    }

    /** Writes one record of an entry that is added. */
    void writeAdded(EntryFile file, long storedSize, long tick) {
        lock.lock();
        try {
            put(JournalRecord.ADDED, file, storedSize, tick);
            writeBuffer();
        } catch (IOException e) {
            failed(e);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Writes events. Those of several calls are written in the order in which they were taken.
     *
     * @param take called once, under this lock; returns the events
     * @param lastUse returns the tick of an entry's last use, which may be later than the event of a use
     */
    void write(Supplier<EventBuffer> take, ToLongFunction<Entry> lastUse) {
        lock.lock();
        try {
            EventBuffer events = take.get();
            if (events.size() > 0) {
                write(events, lastUse);
            }
        } finally {
            lock.unlock();
        }
    }

    private void write(EventBuffer events, ToLongFunction<Entry> lastUse) {
        try {
            IOException[] failure = {null};
            events.forEach((entry, operation, at) -> {
                if (failure[0] == null) {
                    try {
                        long tick = operation == JournalRecord.USED ? lastUse.applyAsLong(entry) : at;
                        put(operation, entry.file(), entry.storedSize(), tick);
                    } catch (IOException e) {
                        failure[0] = e;
                    }
                }
            });
            if (failure[0] != null) {
                throw failure[0];
            }
            writeBuffer();
        } catch (IOException e) {
            failed(e);
        }
    }

    private void put(int operation, EntryFile file, long storedSize, long at) throws IOException {
        if (!JournalRecord.fits(file, storedSize)) {
            return;
        }
        if (buffer.remaining() < JournalRecord.BYTES) {
            writeBuffer();
        }
        JournalRecord.put(words, 0, operation, file, storedSize, at);
        JournalRecord.write(buffer, words, 0, crc);
    }

    private void writeBuffer() throws IOException {
        if (buffer.position() > 0) {
            stream().write(buffer.array(), 0, buffer.position());
            logRecords += buffer.position() / JournalRecord.BYTES;
            buffer.clear();
        }
    }

    private FileOutputStream stream() throws IOException {
        FileOutputStream open = log;
        if (open == null) {
            files.create();
            // A stream, as an interrupt of the thread that announces a file would close a channel.
            open = new FileOutputStream(files.log(sequence, owner).toFile());
            log = open;
        }
        return open;
    }

    /** Returns whether the log is worth a compaction. */
    boolean isLong() {
        lock.lock();
        try {
            return logRecords > Math.max(SMALL_LOG, 2 * snapshotRecords);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends the file, and goes on with another one.
     *
     * @param create whether that is created at once
     * @return its number, higher than those of all earlier ones
     */
    long rotate(boolean create) throws IOException {
        lock.lock();
        try {
            closeFile();
            logRecords = 0;
            if (create) {
                stream();
            }
            return sequence;
        } finally {
            lock.unlock();
        }
    }

    /** Sets the number of records in the snapshot: a log twice as long is worth a compaction. */
    void setSnapshotRecords(long records) {
        lock.lock();
        try {
            snapshotRecords = records;
        } finally {
            lock.unlock();
        }
    }

    /** Goes on with another log, as the records of this one may end in the middle; what was to be written is lost. */
    void failed(IOException cause) {
        lock.lock();
        try {
            buffer.clear();
            closeFile();
            if (warned) {
                LOG.debug("The journal could not be written again", cause);
                return;
            }
            warned = true;
        } finally {
            lock.unlock();
        }
        LOG.warn(
                "The journal could not be written: if that lasts, the order of the entries is lost when the cache is"
                        + " opened next, but no entry is",
                cause);
    }

    /** Closes the file. */
    void close() {
        lock.lock();
        try {
            closeFile();
        } finally {
            lock.unlock();
        }
    }

    private void closeFile() {
        FileOutputStream open = log;
        log = null;
        sequence++;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.debug("A log of the journal could not be closed", e);
            }
        }
    }
}
