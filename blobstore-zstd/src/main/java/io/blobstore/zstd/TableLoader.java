package io.blobstore.zstd;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.zstd.internal.CasblobHeader;
import io.blobstore.zstd.internal.ContentDigest;
import io.blobstore.zstd.internal.FrameFormatException;
import io.blobstore.zstd.internal.FrameTable;
import io.blobstore.zstd.internal.SeekTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Fetches the table of a compressed blob, and recognizes its format by that. Thread-safe.
 *
 * <p>A casblob, or a blob of up to 64 KiB, takes one request; a larger blob in the seekable format takes two. A table
 * that does not fit the 64 KiB, which is one of some 8,000 frames, takes one more.
 */
final class TableLoader {
    /** The bytes that are fetched to find a table: a request's latency is worth more than they are. */
    private static final int PROBE = 64 << 10;

    private final BlobStore store;

    TableLoader(BlobStore store) {
        this.store = store;
    }

    /**
     * Fetches the table.
     *
     * @throws NotCompressedException if the blob is in no known format
     * @throws IntegrityException if its table is damaged
     */
    CompressedBlob load(BlobKey key, ReadOptions options) throws IOException {
        try (PooledBuffer memory = DirectBufferPool.shared().take(PROBE)) {
            ByteBuffer start = memory.buffer();
            ReadResult read = store.read(key, ByteRange.atMost(0, PROBE), start, options);
            BlobMetadata blob = read.blob();
            start.flip();
            if (CasblobHeader.isCasblob(start)) {
                return casblob(blob, start);
            }
            ByteBuffer end = start;
            if (blob.size() > PROBE) {
                end.clear();
                read(blob, blob.size() - PROBE, end);
            }
            if (SeekTable.isSeekable(end)) {
                return seekable(blob, end);
            }
            throw new NotCompressedException(key);
        } catch (PartialReadException e) { // what arrived is no content of the blob
            throw new BlobStoreException(
                    Operation.READ, key, "its table of frames was cut off: " + e.getMessage(), e, true);
        } catch (FrameFormatException e) {
            throw new IntegrityException(Operation.READ, key, "its table of frames is damaged: " + e.getMessage(), e);
        }
    }

    private CompressedBlob casblob(BlobMetadata blob, ByteBuffer start) throws IOException {
        CasblobHeader header = CasblobHeader.parse(start, blob.size());
        int wanted = (int) Math.min(header.length() + (long) ContentDigest.LENGTH, blob.size());
        if (wanted <= start.remaining()) {
            return casblob(blob, header, start);
        }
        try (PooledBuffer memory = DirectBufferPool.shared().take(wanted)) {
            ByteBuffer whole = memory.buffer();
            whole.put(start.duplicate());
            read(blob, whole.position(), whole);
            return casblob(blob, header, whole);
        }
    }

    private static CompressedBlob casblob(BlobMetadata blob, CasblobHeader header, ByteBuffer start)
            throws FrameFormatException {
        FrameTable table = header.table(start, blob.size());
        Optional<ContentDigest> digest =
                ContentDigest.find(start.slice(header.length(), start.limit() - header.length()), table.contentSize());
        return new CompressedBlob(blob, FrameFormat.CASBLOB, table, digest);
    }

    private CompressedBlob seekable(BlobMetadata blob, ByteBuffer end) throws IOException {
        SeekTable footer = SeekTable.parse(end, blob.size());
        int wanted = (int) Math.min(footer.length() + (long) ContentDigest.LENGTH, blob.size());
        if (wanted <= end.remaining()) {
            return seekable(blob, footer, end);
        }
        try (PooledBuffer memory = DirectBufferPool.shared().take(wanted)) {
            ByteBuffer whole = memory.buffer();
            int missing = wanted - end.remaining();
            whole.limit(missing);
            read(blob, blob.size() - wanted, whole);
            whole.limit(wanted).position(missing);
            whole.put(end.duplicate()).flip();
            return seekable(blob, footer, whole);
        }
    }

    private static CompressedBlob seekable(BlobMetadata blob, SeekTable footer, ByteBuffer end)
            throws FrameFormatException {
        FrameTable table = footer.table(end, blob.size());
        int digestAt = end.limit() - footer.length() - ContentDigest.LENGTH;
        Optional<ContentDigest> digest = digestAt < end.position()
                ? Optional.empty()
                : ContentDigest.find(end.slice(digestAt, ContentDigest.LENGTH), table.contentSize());
        return new CompressedBlob(blob, FrameFormat.SEEKABLE, table, digest);
    }

    /** Fills a buffer from its position to its limit with bytes of the same version, and sets its position to 0. */
    private void read(BlobMetadata blob, long offset, ByteBuffer target) throws IOException {
        store.read(blob.key(), ByteRange.of(offset, target.remaining()), target, ReadOptions.ifMatch(blob.version()));
        target.position(0);
    }
}
