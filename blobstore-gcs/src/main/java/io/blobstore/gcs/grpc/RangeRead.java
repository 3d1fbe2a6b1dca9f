package io.blobstore.gcs.grpc;

import com.google.protobuf.ByteString;
import com.google.storage.v2.ChecksummedData;
import com.google.storage.v2.ObjectRangeData;
import io.blobstore.BlobTarget;
import io.blobstore.Crc32c;
import io.blobstore.TargetException;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One range on a {@link ReadSession}: verifies what arrives, and puts it into the caller's window, on the session's
 * thread. That is the only copy, from Netty's memory into the window's.
 *
 * <p>The lock is held while bytes are put, so that after {@link #await} no thread accesses the window any more, however
 * the wait ended. A message whose checksum, place or length is wrong is not put at all: the bytes in the window are
 * always the first ones of the range, and verified.
 *
 * <p>Thread-safe.
 */
final class RangeRead {
    /** How a range ended. */
    enum Outcome {
        /** All bytes arrived. */
        COMPLETE,
        /** The server said that this was all, but bytes are missing. */
        SHORT,
        /** The server sent more than was requested, or from another offset. */
        UNREQUESTED,
        /** A message has no checksum, or another one than its content. */
        CHECKSUM,
        /** The window could not keep the bytes. */
        TARGET,
        /** The session ended, or this range was refused. */
        SESSION_ENDED,
        /** Nothing arrived for too long, or the caller was interrupted. */
        ABANDONED
    }

    private final long offset;
    private final long length;
    private final BlobTarget.Window window;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    // Guarded by lock:
    private long received;
    private Crc32c checksum = Crc32c.EMPTY;
    private long lastProgress = System.nanoTime();
    private @Nullable Outcome outcome;
    private String detail = "";
    private @Nullable Exception cause;
    private SessionEnd sessionEnd = SessionEnd.of(Status.CANCELLED);

    /**
     * Creates a range that is to be read.
     *
     * @param offset the offset in the object
     * @param length the number of bytes, at least 1
     * @param window where to put them; has room for them
     */
    RangeRead(long offset, long length, BlobTarget.Window window) {
        this.offset = offset;
        this.length = length;
        this.window = window;
    }

    long offset() {
        return offset;
    }

    long length() {
        return length;
    }

    // ---- the session's thread

    /**
     * Puts the content of a message, unless the range has ended.
     *
     * @return false if the server violates the protocol, so that the session must not be used any more
     */
    boolean accept(ObjectRangeData data) {
        lock.lock();
        try {
            ByteString content = data.getChecksummedData().getContent();
            if (outcome != null) {
                return outcome != Outcome.COMPLETE || content.isEmpty();
            }
            if (!content.isEmpty() && !put(data, content)) {
                return outcome == Outcome.TARGET;
            }
            lastProgress = System.nanoTime();
            if (data.getRangeEnd()) {
                boolean complete = received == length;
                end(
                        complete ? Outcome.COMPLETE : Outcome.SHORT,
                        complete ? "" : "the server ended the range after " + received + " of " + length + " bytes");
                return complete;
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean put(ObjectRangeData data, ByteString content) {
        long place = data.getReadRange().getReadOffset();
        if (place != offset + received || content.size() > length - received) {
            end(
                    Outcome.UNREQUESTED,
                    "the server sent " + content.size() + " bytes from offset " + place + " on, but "
                            + (length - received) + " from offset " + (offset + received) + " on were requested");
            return false;
        }
        CRC32C crc = new CRC32C();
        for (ByteBuffer piece : content.asReadOnlyByteBufferList()) {
            crc.update(piece);
        }
        ChecksummedData sent = data.getChecksummedData();
        Crc32c actual = new Crc32c((int) crc.getValue());
        if (!sent.hasCrc32C() || sent.getCrc32C() != actual.value()) {
            end(
                    Outcome.CHECKSUM,
                    "checksum error: " + content.size() + " bytes from offset " + place + " on have " + actual
                            + ", but were sent "
                            + (sent.hasCrc32C() ? "with " + new Crc32c(sent.getCrc32C()) : "without a checksum"));
            return false;
        }
        try {
            for (ByteBuffer piece : content.asReadOnlyByteBufferList()) {
                window.put(piece);
            }
        } catch (TargetException | RuntimeException e) {
            cause = e;
            end(Outcome.TARGET, "the target failed");
            return false;
        }
        received += content.size();
        checksum = checksum.combine(actual, content.size());
        return true;
    }

    /** Ends the range with its session, unless it has ended before. */
    void fail(SessionEnd end) {
        lock.lock();
        try {
            if (outcome == null) {
                sessionEnd = end;
                cause = end.status().asException();
                end(Outcome.SESSION_ENDED, end.toString());
            }
        } finally {
            lock.unlock();
        }
    }

    /** Requires the lock. */
    private void end(Outcome how, String why) {
        outcome = how;
        detail = why;
        ended.signalAll();
    }

    // ---- the caller's thread

    /**
     * Waits until the range has ended, or nothing has arrived for a time. Afterwards no thread accesses the window.
     *
     * @param stallNanos the time in nanoseconds
     * @throws InterruptedException if the thread is interrupted
     */
    Outcome await(long stallNanos) throws InterruptedException {
        lock.lock();
        try {
            while (outcome == null) {
                long left = stallNanos - (System.nanoTime() - lastProgress);
                if (left <= 0) {
                    end(
                            Outcome.ABANDONED,
                            "nothing arrived for " + TimeUnit.NANOSECONDS.toMillis(stallNanos) + " ms, after "
                                    + received + " of " + length + " bytes");
                } else {
                    ended.awaitNanos(left);
                }
            }
            return outcome;
        } finally {
            if (outcome == null) {
                end(Outcome.ABANDONED, "interrupted");
            }
            lock.unlock();
        }
    }

    /** Returns the number of bytes in the window. */
    long received() {
        lock.lock();
        try {
            return received;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the checksum of the bytes in the window. */
    Crc32c checksum() {
        lock.lock();
        try {
            return checksum;
        } finally {
            lock.unlock();
        }
    }

    /** Returns why the range ended; empty if all bytes arrived. */
    String detail() {
        lock.lock();
        try {
            return detail;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the exception with which the range ended; null if there was none. */
    @Nullable Exception cause() {
        lock.lock();
        try {
            return cause;
        } finally {
            lock.unlock();
        }
    }

    /** Returns how the session ended, if that ended the range. */
    SessionEnd sessionEnd() {
        lock.lock();
        try {
            return sessionEnd;
        } finally {
            lock.unlock();
        }
    }
}
