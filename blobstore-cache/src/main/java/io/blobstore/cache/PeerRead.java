package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.Checksums;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A read from a peer that another store can continue. Bytes count when a request has succeeded, or has reported them as
 * received: others are overwritten by the next request. So the peer is read in requests of at most {@value #MOST}
 * bytes, straight into the target's memory if that is large enough. Not thread-safe.
 */
final class PeerRead {
    /** The largest request to a peer, which is what is read again after a failure that reports nothing. */
    static final int MOST = 8 << 20;
    /** Targets with smaller buffers, such as files, are filled through a buffer of this size, with one more copy. */
    private static final int STAGING = 1 << 20;

    private final BlobStore peer;
    private final BlobKey key;
    private final ByteRange range;
    private final BlobTarget.Window target;
    private ReadOptions options;
    private @Nullable BlobMetadata blob;
    /** The bytes of the range; as requested until the blob is known. */
    private ByteRange exact;

    private long done;
    private Crc32c checksum = Crc32c.EMPTY;

    PeerRead(BlobStore peer, BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options) {
        this.peer = peer;
        this.key = key;
        this.range = range;
        this.exact = range;
        this.target = target;
        this.options = options;
    }

    BlobKey key() {
        return key;
    }

    ByteRange range() {
        return range;
    }

    BlobTarget.Window target() {
        return target;
    }

    /** Returns what the peer reported about the version that is read; empty if it has not answered. */
    Optional<BlobMetadata> blob() {
        return Optional.ofNullable(blob);
    }

    /** Returns whether bytes of the peer are in the target. */
    boolean begun() {
        return done > 0;
    }

    /** Reads from the peer. */
    ReadResult run() throws IOException {
        do {
            request();
        } while (done < exact.length());
        return result(require());
    }

    private BlobMetadata require() {
        BlobMetadata known = blob;
        if (known == null) {
            throw new IllegalStateException("the peer has not answered yet");
        }
        return known;
    }

    private void request() throws IOException {
        long left = Math.min(exact.length() - done, target.remaining());
        ByteBuffer memory = target.remaining() == 0 ? ByteBuffer.allocate(0) : target.buffer();
        int bytes = (int) Math.min(left, MOST);
        if (memory.remaining() >= Math.min(bytes, STAGING)) {
            ByteBuffer slice = memory.slice(memory.position(), Math.min(bytes, memory.remaining()));
            try {
                read(slice);
            } finally {
                memory.position(memory.position() + slice.position());
            }
        } else {
            try (PooledBuffer staging = DirectBufferPool.shared().take(Math.min(bytes, STAGING))) {
                ByteBuffer slice = staging.buffer().clear();
                try {
                    read(slice);
                } finally {
                    target.put(slice.flip());
                }
            }
        }
    }

    /** Reads into a buffer, whose position is after the bytes that count, whatever is thrown. */
    private void read(ByteBuffer slice) throws IOException {
        try {
            arrived(peer.read(key, next(slice.remaining()), slice, options));
        } catch (PartialReadException e) {
            slice.position(slice.position() + Math.toIntExact(e.received().length()));
            arrived(e.received());
            throw e;
        }
    }

    /** Returns the range to request. An inexact first request tells the size; later ones are exact. */
    private ByteRange next(int bytes) {
        if (blob != null) {
            return ByteRange.of(exact.offset() + done, bytes);
        }
        return switch (range.kind()) {
            case EXACT -> ByteRange.of(range.offset(), bytes);
            case AT_MOST, TO_END -> ByteRange.atMost(range.offset(), bytes);
            case SUFFIX -> ByteRange.last(bytes == range.length() ? bytes : 0); // the first bytes come first
        };
    }

    private void arrived(ReadResult read) throws IOException {
        boolean sizeOnly = blob == null && range.kind() == ByteRange.Kind.SUFFIX;
        BlobMetadata found = read.blob();
        if (blob == null) {
            blob = found;
            exact = ByteRanges.resolve(range, key, found.size(), target.remaining());
            options = ReadOptions.ifMatch(found.version());
        }
        done += read.length();
        checksum = checksum.combine(read.checksum(), read.length());
        if (read.length() == 0 && done < exact.length() && !sizeOnly) {
            throw new BlobStoreException(Operation.READ, key, "the peer returned no bytes", null, true);
        }
    }

    /**
     * Reads the rest from another store.
     *
     * @param promised what the peer reported, whose version the result has
     * @param stored the same content in the other store
     */
    ReadResult continueAt(BlobStore other, BlobMetadata promised, BlobMetadata stored) throws IOException {
        if (blob == null) {
            exact = ByteRanges.resolve(range, key, stored.size(), target.remaining());
        }
        BlobMetadata reported = stored.toBuilder().version(promised.version()).build();
        blob = reported;
        if (done < exact.length() || exact.length() == 0) {
            try {
                ReadResult read = other.read(
                        key,
                        ByteRange.of(exact.offset() + done, exact.length() - done),
                        target,
                        ReadOptions.ifMatch(stored.version()));
                done += read.length();
                checksum = checksum.combine(read.checksum(), read.length());
            } catch (PartialReadException e) {
                ReadResult received = ReadResult.of(
                        reported,
                        done + e.received().length(),
                        checksum.combine(e.received().checksum(), e.received().length()));
                throw new PartialReadException(key, received, "ended after " + received.length() + " bytes", e);
            }
        }
        return result(reported);
    }

    private ReadResult result(BlobMetadata read) throws IOException {
        if (done == read.size()) {
            Checksums.requireStored(Operation.READ, read, checksum);
        }
        return ReadResult.of(read, done, checksum);
    }
}
