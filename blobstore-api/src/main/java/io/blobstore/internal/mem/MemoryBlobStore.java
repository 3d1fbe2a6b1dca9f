package io.blobstore.internal.mem;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.DeleteResult;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreCapabilities.Support;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadListing;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.Checksums;
import io.blobstore.spi.Deletions;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Objects;
import java.util.Optional;

/**
 * A store whose blobs are byte arrays on the Java heap. Content is copied when it is stored and when it is read: this
 * store is meant for tests and small caches.
 *
 * <p>Memory is bounded by the heap alone: a blob takes its size until it is deleted or replaced, an unfinished upload
 * takes the size of its parts, and completing one briefly takes the size of the blob once more. Thread-safe.
 */
public final class MemoryBlobStore implements BlobStore {
    /** Parts of 1 byte to 1 GiB, blobs of up to 1 GiB; preconditions, but no presigned URLs. */
    public static final StoreCapabilities CAPABILITIES = StoreCapabilities.builder()
            .maxPartSize(1 << 30)
            .maxParts(10_000)
            .maxBlobSize(1 << 30)
            .conditionalStore(Support.NATIVE)
            .build();

    private static final int COPY_WINDOW = 1 << 20;

    private final String uri;
    private final MemoryContent content;
    private final StoreCapabilities capabilities;
    private final OpenUploads uploads = new OpenUploads();
    private volatile boolean closed;

    /**
     * Creates a store with this content.
     *
     * @throws IllegalArgumentException if the capabilities claim presigned URLs, or blobs larger than an array
     */
    public MemoryBlobStore(String uri, MemoryContent content, StoreCapabilities capabilities) {
        if (capabilities.presign() != Support.NONE || capabilities.maxBlobSize() > 1 << 30) {
            throw new IllegalArgumentException("a store in memory has no presigned URLs, and blobs of up to 1 GiB");
        }
        this.uri = uri;
        this.content = content;
        this.capabilities = capabilities;
    }

    @Override
    public StoredBlob store(BlobKey key, BlobSource source, StoreOptions options) throws IOException {
        Objects.requireNonNull(source, "content");
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(options, "options");
        requireSupported(options.precondition());
        requireOpen();
        if (source.size() > capabilities.maxBlobSize()) {
            throw new IllegalArgumentException(
                    "a blob has at most " + capabilities.maxBlobSize() + " bytes in this store; got " + source.size());
        }
        ByteBuffer bytes = copyOf(source);
        requireOpen();
        return content.put(Operation.STORE, key, bytes, options);
    }

    static ByteBuffer copyOf(BlobSource source) throws IOException {
        ByteBuffer copy = ByteBuffer.allocate(Math.toIntExact(source.size()));
        source.forEachBuffer(COPY_WINDOW, copy::put);
        return copy.flip();
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(range, "range");
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(options, "options");
        ByteRanges.requireRoom(range, target.remaining());
        requireOpen();
        MemoryContent.Blob blob = content.require(Operation.READ, key);
        BlobMetadata metadata = blob.metadata();
        if (options.ifMatch().isPresent()) {
            MemoryContent.requireVersion(Operation.READ, options.ifMatch().get(), metadata);
        }
        ByteRange exact = ByteRanges.resolve(range, key, metadata.size(), target.remaining());
        int bytes = (int) exact.length();
        ByteBuffer read = blob.content().slice((int) exact.offset(), bytes);
        Crc32c checksum = Crc32c.of(read.duplicate());
        if (bytes == metadata.size()) {
            Checksums.requireStored(Operation.READ, metadata, checksum);
        }
        target.put(read);
        return ReadResult.of(metadata, bytes, checksum);
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        Objects.requireNonNull(key, "key");
        requireOpen();
        return content.require(Operation.HEAD, key).metadata();
    }

    /** Lists the blobs that the store holds at the moment of the call. */
    @Override
    public BlobListing list(ListOptions options) {
        Objects.requireNonNull(options, "options");
        requireOpen();
        return new MemoryListing(content.list(), options);
    }

    @Override
    public void delete(BlobKey key) {
        Objects.requireNonNull(key, "key");
        requireOpen();
        content.remove(key);
    }

    @Override
    public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
        Objects.requireNonNull(keys, "keys");
        requireOpen();
        return Deletions.oneByOne(keys, this::delete);
    }

    @Override
    public long deleteAll(String prefix) {
        Objects.requireNonNull(prefix, "prefix");
        if (prefix.isEmpty()) {
            throw new IllegalArgumentException(
                    "deleteAll needs a prefix: an empty one would delete every blob of the store");
        }
        requireOpen();
        return content.removeAll(prefix);
    }

    @Override
    public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        Objects.requireNonNull(from, "from");
        Objects.requireNonNull(to, "to");
        Objects.requireNonNull(options, "options");
        requireSupported(options.precondition());
        requireOpen();
        MemoryContent.Blob blob = content.require(Operation.COPY, from);
        if (options.sourceVersion().isPresent()) {
            MemoryContent.requireVersion(Operation.COPY, options.sourceVersion().get(), blob.metadata());
        }
        return content.copy(blob, to, options.precondition());
    }

    @Override
    public PresignedUrl presign(BlobKey key, PresignOptions options) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(options, "options");
        requireOpen();
        throw new UnsupportedOperationException("a store in memory has no presigned URLs");
    }

    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
            throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(layout, "layout");
        Objects.requireNonNull(options, "options");
        if (!capabilities.multipart()) {
            throw new UnsupportedOperationException("this store has no multipart uploads");
        }
        requireSupported(options.precondition());
        layout.requireWithin(capabilities);
        requireOpen();
        return uploads.create(
                () -> new MemoryMultipartUpload(key, content.addUpload(key), layout, options, content, uploads));
    }

    @Override
    public Optional<MultipartUpload> resumeMultipartUpload(
            BlobKey key, String id, PartLayout layout, StoreOptions options) throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(layout, "layout");
        Objects.requireNonNull(options, "options");
        if (!capabilities.multipart()) {
            throw new UnsupportedOperationException("this store has no multipart uploads");
        }
        requireSupported(options.precondition());
        layout.requireWithin(capabilities);
        requireOpen();
        Optional<Long> number = content.findUpload(key, id);
        if (number.isEmpty()) {
            return Optional.empty();
        }
        MultipartUpload upload = new MemoryMultipartUpload(key, number.get(), layout, options, content, uploads);
        upload.keep();
        return Optional.of(upload);
    }

    @Override
    public UploadListing listUploads(String prefix) {
        Objects.requireNonNull(prefix, "prefix");
        requireOpen();
        return UploadListing.of(content.listUploads(prefix));
    }

    @Override
    public void abortUpload(BlobKey key, String id) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        requireOpen();
        content.abortUpload(key, id);
    }

    @Override
    public StoreCapabilities capabilities() {
        return capabilities;
    }

    /** Aborts this store's unfinished uploads. The content remains available to other stores with the same name. */
    @Override
    public void close() throws IOException {
        closed = true;
        uploads.close();
    }

    @Override
    public String toString() {
        return uri;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException(this + " is closed");
        }
    }

    private void requireSupported(Precondition precondition) {
        if (capabilities.conditionalStore() == Support.NONE && precondition != Precondition.none()) {
            throw new UnsupportedOperationException("this store has no preconditions; got " + precondition);
        }
    }
}
