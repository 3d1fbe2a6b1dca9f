package io.blobstore.server.internal.remote;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.cache.EntryBlobStore;
import io.blobstore.cas.CachedContent;
import io.blobstore.cas.StoredContent;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.server.RemoteLayout;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import io.blobstore.zstd.CompressedBlobs;
import io.blobstore.zstd.CompressionOptions;
import io.blobstore.zstd.FrameFormat;
import io.blobstore.zstd.internal.CasblobHeader;
import io.blobstore.zstd.internal.FrameFormatException;
import io.blobstore.zstd.internal.FrameTable.Encoding;
import io.blobstore.zstd.internal.StreamDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The entries that bazel-remote keeps in a bucket, in storage mode {@code zstd}: content as casblobs, records as they
 * are. Content that the local cache stores as a casblob is sent as it is, in parts if it is large. The bucket belongs
 * to the caller. Thread-safe.
 */
public final class CasblobStore extends EntryBlobStore {
    private static final String CONTENT = "cas/";
    /** What a casblob of small content takes in addition to that, at most. */
    private static final int MAX_OVERHEAD = 4096;

    private static final StoreOptions BINARY =
            StoreOptions.builder().contentType("application/octet-stream").build();

    private final BlobStore bucket;
    private final RemoteLayout layout;
    private final String prefix;
    private final ObjectStarts starts;
    private final CompressedBlobs blobs;
    private final TransferManager transfers = TransferManager.create();

    /**
     * Creates the view of a bucket.
     *
     * @param prefix what all keys begin with, before a slash; empty for nothing
     */
    public CasblobStore(BlobStore bucket, RemoteLayout layout, String prefix) {
        this.bucket = bucket;
        this.layout = layout;
        this.prefix = prefix;
        starts = new ObjectStarts(bucket);
        blobs = CompressedBlobs.of(starts);
    }

    /** Returns the key that an entry has in the bucket. */
    BlobKey stored(BlobKey entry) {
        String name = entry.toString();
        int slash = name.indexOf('/');
        String directory = isContent(entry) ? "cas.v2" : name.substring(0, slash);
        String hash = name.substring(slash + 1);
        String shard = layout == RemoteLayout.SHARDED ? hash.substring(0, 2) + '/' : "";
        return BlobKey.of((prefix.isEmpty() ? "" : prefix + '/') + directory + '/' + shard + hash);
    }

    private static boolean isContent(BlobKey entry) {
        return entry.toString().startsWith(CONTENT);
    }

    /** Asks for the metadata; if that does not tell the size of the content, reads the header of the casblob. */
    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        BlobMetadata stored = bucket.head(stored(key));
        if (!isContent(key)) {
            return stored.toBuilder().key(key).build();
        }
        OptionalLong size = CompressedBlobs.contentSizeOf(stored);
        return stored.toBuilder()
                .key(key)
                .size(size.isPresent() ? size.getAsLong() : sizeInHeader(stored))
                .checksum(Optional.empty()) // it is that of the casblob
                .build();
    }

    private long sizeInHeader(BlobMetadata stored) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(CasblobHeader.FIXED_LENGTH);
        bucket.read(
                stored.key(), ByteRange.atMost(0, header.capacity()), header, ReadOptions.ifMatch(stored.version()));
        try {
            return CasblobHeader.parse(header.flip(), stored.size()).contentSize();
        } catch (FrameFormatException e) {
            throw new IntegrityException(
                    Operation.HEAD, stored.key(), "it is not a casblob, or damaged: " + e.getMessage(), e);
        }
    }

    /** Asks for as many bytes as a casblob of small content has. A larger one tells its size by its header. */
    @Override
    public BlobMetadata readSmall(BlobKey key, ByteBuffer target) throws IOException {
        BlobKey stored = stored(key);
        int start = target.position();
        if (!isContent(key)) {
            BlobMetadata record = bucket.read(stored, ByteRange.atMost(0, target.remaining()), target)
                    .blob();
            if (record.size() > target.position() - start) {
                target.position(start);
            }
            return record.toBuilder().key(key).build();
        }
        @Nullable PooledBuffer memory = DirectBufferPool.shared().take(target.remaining() + MAX_OVERHEAD);
        try {
            ByteBuffer casblob = memory.buffer();
            BlobMetadata blob = bucket.read(stored, ByteRange.atMost(0, casblob.remaining()), casblob)
                    .blob();
            casblob.flip();
            CasblobHeader header = CasblobHeader.parse(casblob, blob.size());
            if (header.contentSize() > target.remaining()) {
                PooledBuffer kept = memory;
                memory = null;
                starts.keep(blob, kept);
            } else if (casblob.remaining() == blob.size()) {
                decode(header, casblob, target);
            } // else its frames take more room than they need
            return blob.toBuilder()
                    .key(key)
                    .size(header.contentSize())
                    .checksum(Optional.empty())
                    .build();
        } catch (FrameFormatException e) {
            throw new IntegrityException(
                    Operation.READ, stored, "it is not a casblob, or damaged: " + e.getMessage(), e);
        } finally {
            if (memory != null) {
                memory.close();
            }
        }
    }

    private static void decode(CasblobHeader header, ByteBuffer casblob, ByteBuffer target) throws IOException {
        int end = target.position() + (int) header.contentSize();
        casblob.position(header.length());
        try (StreamDecoder decoder = new StreamDecoder()) {
            StreamDecoder.Sink sink = content -> {
                if (content.remaining() > end - target.position()) {
                    throw new FrameFormatException("it has more content than its header says");
                }
                target.put(content);
            };
            if (header.encoding() == Encoding.IDENTITY) {
                sink.accept(casblob);
            } else {
                decoder.decode(casblob, sink);
            }
        }
        if (target.position() != end) {
            throw new FrameFormatException("it has less content than its header says");
        }
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        BlobStore source = isContent(key) ? blobs.contents() : bucket;
        ReadResult read = source.read(stored(key), range, target, options);
        return ReadResult.of(read.blob().toBuilder().key(key).build(), read.length(), read.checksum());
    }

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        if (!isContent(key)) {
            StoredBlob stored = bucket.store(stored(key), content, BINARY);
            return StoredBlob.of(key, stored.size(), stored.version(), stored.checksum());
        }
        CompressionOptions casblob = CompressionOptions.builder()
                .format(FrameFormat.CASBLOB)
                .upload(options(BINARY))
                .build();
        return content(
                key,
                join(key, blobs.upload(transfers, stored(key), content, casblob))
                        .stored(),
                content.size());
    }

    @Override
    public StoredBlob store(BlobKey key, CachedContent content) throws IOException {
        StoredContent stored = content.stored();
        if (!isContent(key) || stored.encoding() != StoredContent.Encoding.ZSTD) {
            return super.store(key, content);
        }
        long size = content.digest().size();
        UploadOptions upload = options(CompressedBlobs.describe(BINARY, FrameFormat.CASBLOB, size));
        return content(
                key, join(key, transfers.upload(bucket, stored(key), storedForm(content, stored), upload)), size);
    }

    /** Fails at once: whoever stores repeats that. */
    private static UploadOptions options(StoreOptions store) {
        return UploadOptions.builder().store(store).retry(RetryPolicy.NEVER).build();
    }

    private static StoredBlob content(BlobKey key, StoredBlob stored, long size) {
        return StoredBlob.of(key, size, stored.version(), Optional.empty());
    }

    private static <T> T join(BlobKey key, Transfer<T> transfer) throws IOException {
        try {
            return transfer.join();
        } catch (InterruptedException e) {
            transfer.cancel();
            transfer.toCompletableFuture().handle((result, problem) -> "ended").join(); // it reads the content
            Thread.currentThread().interrupt();
            throw new BlobStoreException(Operation.STORE, key, "was interrupted", e, true);
        }
    }

    /** Ends the uploads. */
    @Override
    public void close() {
        transfers.close();
        starts.close();
    }

    @Override
    public String toString() {
        return "casblobs(" + bucket + (prefix.isEmpty() ? "" : ", " + prefix) + ", "
                + layout.toString().toLowerCase(Locale.ROOT) + ")";
    }
}
