package io.blobstore.zstd;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.TargetException;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.Checksums;
import io.blobstore.spi.PartLayout;
import io.blobstore.zstd.internal.FrameTable;
import io.blobstore.zstd.internal.FrameTable.Encoding;
import java.io.IOException;
import java.util.Optional;

/**
 * Shows the content of the compressed blobs of a store: offsets, sizes and checksums are those of the content. A range
 * costs one request, for the frames that hold it, once the table is known; or none, if it is in frames that were read
 * in part before, and of a version that the caller asks for.
 *
 * <p>Not closed: the decorated store belongs to the caller. Thread-safe.
 */
final class ContentStore extends ForwardingBlobStore {
    private final TableLoader loader;
    private final TableCache tables;
    private final FrameCache frames;

    ContentStore(BlobStore store, TableLoader loader, TableCache tables, FrameCache frames) {
        super(store);
        this.loader = loader;
        this.tables = tables;
        this.frames = frames;
    }

    /** Returns the store of the compressed blobs. */
    BlobStore store() {
        return delegate();
    }

    /** Returns a blob, of the version that the options want. */
    CompressedBlob blob(BlobKey key, ReadOptions options) throws IOException {
        Optional<CompressedBlob> known = tables.get(key, options.ifMatch());
        return known.isPresent() ? known.get() : load(key, options);
    }

    CompressedBlob load(BlobKey key, ReadOptions options) throws IOException {
        CompressedBlob blob = loader.load(key, options);
        tables.put(blob);
        return blob;
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        BlobMetadata stored = super.head(key);
        try {
            return blob(key, ReadOptions.ifMatch(stored.version())).content();
        } catch (PreconditionFailedException e) {
            return load(key, ReadOptions.DEFAULT).content(); // it was replaced since its metadata was fetched
        }
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        ByteRanges.requireRoom(range, target.remaining());
        CompressedBlob blob = blob(key, options);
        try {
            return read(blob, range, target, options);
        } catch (PreconditionFailedException e) {
            tables.remove(blob);
            if (options.ifMatch().isPresent()) {
                throw e;
            }
            return read(load(key, options), range, target, options); // it was replaced since its table was fetched
        }
    }

    private ReadResult read(CompressedBlob blob, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        ByteRange exact =
                ByteRanges.resolve(range, blob.stored().key(), blob.table().contentSize(), target.remaining());
        long length = exact.length();
        ReadResult result;
        if (length == 0) {
            result = ReadResult.of(blob.content(), 0, Crc32c.EMPTY);
        } else if (blob.table().encoding() == Encoding.IDENTITY) {
            result = readStored(blob, exact.offset(), length, target);
        } else {
            // What is in the cache is of this version, which need not be the store's any more.
            boolean pinned = options.ifMatch().isPresent();
            result = readFrames(blob, exact.offset(), length, target, pinned);
        }
        if (length == blob.table().contentSize()) {
            Checksums.requireStored(Operation.READ, result.blob(), result.checksum());
        }
        return result;
    }

    private ReadResult readStored(CompressedBlob blob, long offset, long length, BlobTarget.Window target)
            throws IOException {
        long storedOffset = blob.table().storedOffset(0) + offset;
        try {
            ReadResult read =
                    delegate().read(blob.stored().key(), ByteRange.of(storedOffset, length), target, pinned(blob));
            return ReadResult.of(blob.content(), read.length(), read.checksum());
        } catch (PartialReadException e) {
            ReadResult received = e.received();
            throw partial(blob, received.length(), received.checksum(), e);
        }
    }

    private ReadResult readFrames(
            CompressedBlob blob, long offset, long length, BlobTarget.Window target, boolean cached)
            throws IOException {
        BlobKey key = blob.stored().key();
        try (FrameWindow window = new FrameWindow(blob, offset, offset + length, target, frames)) {
            try {
                if (cached) {
                    window.deliverCached();
                }
                if (!window.isComplete()) {
                    long storedOffset = window.begin();
                    ByteRange stored = ByteRange.of(storedOffset, window.remaining());
                    delegate().read(key, stored, window, pinned(blob));
                    window.finish();
                }
                return ReadResult.of(blob.content(), window.delivered(), window.checksum());
            } catch (PartialReadException e) {
                throw partial(blob, window.delivered(), window.checksum(), e);
            } catch (TargetException e) {
                if (window.damage().isEmpty()) {
                    throw e;
                }
                throw new IntegrityException(
                        Operation.READ,
                        key,
                        window.damage().get().getMessage() + "; read again, and if that fails too, store it again",
                        e);
            }
        }
    }

    private static PartialReadException partial(
            CompressedBlob blob, long delivered, Crc32c checksum, PartialReadException cause) {
        return new PartialReadException(
                blob.stored().key(),
                ReadResult.of(blob.content(), delivered, checksum),
                "ended after " + delivered + " bytes of content",
                cause);
    }

    private static ReadOptions pinned(CompressedBlob blob) {
        return ReadOptions.ifMatch(blob.stored().version());
    }

    /** Returns the capabilities of the store, but that content may be as large as compressed blobs can hold. */
    @Override
    public StoreCapabilities capabilities() {
        return delegate().capabilities().toBuilder()
                .maxBlobSize((long) FrameTable.MAX_FRAMES * FrameTable.MAX_FRAME)
                .build();
    }

    // ---- writing would store content that is not compressed

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) {
        throw readOnly();
    }

    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options) {
        throw readOnly();
    }

    @Override
    public Optional<MultipartUpload> resumeMultipartUpload(
            BlobKey key, String id, PartLayout layout, StoreOptions options) {
        throw readOnly();
    }

    private static UnsupportedOperationException readOnly() {
        return new UnsupportedOperationException(
                "this is a view of compressed blobs; store with CompressedBlobs.upload");
    }

    @Override
    public void close() {
        // The decorated store is the caller's.
    }
}
