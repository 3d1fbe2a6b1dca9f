package io.blobstore.server.internal.remote;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.PartialReadException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A bucket, and the first bytes of a few objects that turned out to be large: so the next reads of them ask for the
 * rest only. A start is used once, except for short reads. Thread-safe.
 */
final class ObjectStarts extends ForwardingBlobStore {
    private static final int MAX_STARTS = 8;
    /** The longest read that leaves a start for the next: one of a table of frames. */
    private static final int SHORT = 64 << 10;

    /** The first bytes of an object, from the buffer's position 0 to its limit. */
    private record Start(BlobMetadata blob, PooledBuffer memory) {}

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock; memory is read under it, too, or by the one who has removed it:
    private final Map<BlobKey, Start> starts = new LinkedHashMap<>();
    private boolean closed;

    ObjectStarts(BlobStore bucket) {
        super(bucket);
    }

    /**
     * Keeps the start of an object.
     *
     * @param memory from position 0 to its limit; closed by this
     */
    void keep(BlobMetadata blob, PooledBuffer memory) {
        lock.lock();
        try {
            Start replaced = starts.remove(blob.key());
            if (replaced != null) {
                replaced.memory.close();
            }
            if (closed) {
                memory.close();
                return;
            }
            starts.put(blob.key(), new Start(blob, memory));
            Iterator<Start> eldest = starts.values().iterator();
            while (starts.size() > MAX_STARTS) {
                eldest.next().memory.close();
                eldest.remove();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        Optional<ReadResult> begun = switch (range.kind()) {
            case EXACT, AT_MOST -> begin(key, range, target, options);
            case TO_END, SUFFIX -> Optional.empty();
        };
        if (begun.isEmpty()) {
            return super.read(key, range, target, options);
        }
        ReadResult first = begun.get();
        BlobMetadata blob = first.blob();
        long wanted = Math.min(range.length(), blob.size() - range.offset());
        if (first.length() == wanted) {
            return first;
        }
        try {
            ReadResult rest = super.read(
                    key, ByteRange.of(range.offset() + first.length(), wanted - first.length()), target, options);
            return joined(first, rest);
        } catch (PartialReadException e) {
            throw partial(joined(first, e.received()), e);
        } catch (BlobStoreException e) {
            throw e.isRetryable() ? partial(first, e) : e;
        }
    }

    private static ReadResult joined(ReadResult first, ReadResult rest) {
        Crc32c checksum = first.checksum().combine(rest.checksum(), rest.length());
        return ReadResult.of(rest.blob(), first.length() + rest.length(), checksum);
    }

    private static PartialReadException partial(ReadResult received, BlobStoreException cause) {
        return new PartialReadException(
                received.blob().key(),
                received,
                "ended after " + received.length() + " bytes: " + cause.getMessage(),
                cause);
    }

    /** Puts those bytes of a range into a window that are here. */
    private Optional<ReadResult> begin(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        Start taken;
        lock.lock();
        try {
            Start start = starts.get(key);
            if (start == null
                    || !options.ifMatch().equals(Optional.of(start.blob.version()))
                    || range.offset() >= start.memory.buffer().limit()) {
                return Optional.empty();
            }
            if (range.length() <= SHORT) {
                return Optional.of(put(start, range, target));
            }
            starts.remove(key);
            taken = start;
        } finally {
            lock.unlock();
        }
        try (PooledBuffer memory = taken.memory) {
            return Optional.of(put(taken, range, target));
        }
    }

    private static ReadResult put(Start start, ByteRange range, BlobTarget.Window target) throws IOException {
        int offset = (int) range.offset();
        int length = (int) Math.min(range.length(), start.memory.buffer().limit() - offset);
        ByteBuffer bytes = start.memory.buffer().slice(offset, length);
        Crc32c checksum = Crc32c.of(bytes.duplicate());
        target.put(bytes);
        return ReadResult.of(start.blob, length, checksum);
    }

    /** Gives the memory back. The bucket stays open. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            starts.values().forEach(start -> start.memory.close());
            starts.clear();
        } finally {
            lock.unlock();
        }
    }
}
