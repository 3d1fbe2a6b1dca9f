package io.blobstore;

import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.util.Collection;
import java.util.Objects;
import java.util.Optional;

/**
 * A base class of decorators that forwards every abstract method of {@link BlobStore} to another store. The default
 * methods are not forwarded, as they call the abstract ones: a decorator that overrides an abstract method sees the
 * calls of its shorthands as well.
 */
public abstract class ForwardingBlobStore implements BlobStore {
    private final BlobStore delegate;

    /** Creates a decorator of a store. */
    protected ForwardingBlobStore(BlobStore delegate) {
        this.delegate = Objects.requireNonNull(delegate, "delegate");
    }

    /** Returns the decorated store. */
    protected final BlobStore delegate() {
        return delegate;
    }

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        return delegate.store(key, content, options);
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        return delegate.read(key, range, target, options);
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        return delegate.head(key);
    }

    @Override
    public BlobListing list(ListOptions options) throws IOException {
        return delegate.list(options);
    }

    @Override
    public void delete(BlobKey key) throws IOException {
        delegate.delete(key);
    }

    @Override
    public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
        return delegate.delete(keys);
    }

    @Override
    public long deleteAll(String prefix) throws IOException {
        return delegate.deleteAll(prefix);
    }

    @Override
    public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        return delegate.copy(from, to, options);
    }

    @Override
    public PresignedUrl presign(BlobKey key, PresignOptions options) throws IOException {
        return delegate.presign(key, options);
    }

    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
            throws IOException {
        return delegate.createMultipartUpload(key, layout, options);
    }

    @Override
    public Optional<MultipartUpload> resumeMultipartUpload(
            BlobKey key, String id, PartLayout layout, StoreOptions options) throws IOException {
        return delegate.resumeMultipartUpload(key, id, layout, options);
    }

    @Override
    public UploadListing listUploads(String prefix) throws IOException {
        return delegate.listUploads(prefix);
    }

    @Override
    public void abortUpload(BlobKey key, String id) throws IOException {
        delegate.abortUpload(key, id);
    }

    @Override
    public StoreCapabilities capabilities() {
        return delegate.capabilities();
    }

    @Override
    public void close() throws IOException {
        delegate.close();
    }

    /**
     * Returns the names of the decorators around the store, the outermost first: {@code Outer(Inner(file:///dir/))}.
     */
    @Override
    public String toString() {
        return getClass().getSimpleName() + "(" + delegate + ")";
    }
}
