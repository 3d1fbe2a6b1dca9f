package io.blobstore.spi;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import java.io.IOException;
import java.util.List;
import java.util.Objects;

/**
 * A base class of decorators that forwards every method of {@link MultipartUpload} to another upload, {@link #close}
 * included, which ends an upload that is kept in another way than {@link #abort}. As thread-safe as the other upload.
 */
public abstract class ForwardingMultipartUpload implements MultipartUpload {
    private final MultipartUpload delegate;

    /** Creates a decorator of an upload. */
    protected ForwardingMultipartUpload(MultipartUpload delegate) {
        this.delegate = Objects.requireNonNull(delegate, "delegate");
    }

    /** Returns the decorated upload. */
    protected final MultipartUpload delegate() {
        return delegate;
    }

    @Override
    public BlobKey key() {
        return delegate.key();
    }

    @Override
    public String id() {
        return delegate.id();
    }

    @Override
    public PartLayout layout() {
        return delegate.layout();
    }

    @Override
    public UploadedPart uploadPart(int partNumber, BlobSource content) throws IOException {
        return delegate.uploadPart(partNumber, content);
    }

    @Override
    public List<UploadedPart> parts() {
        return delegate.parts();
    }

    @Override
    public StoredBlob complete(Crc32c checksum) throws IOException {
        return delegate.complete(checksum);
    }

    @Override
    public void keep() throws IOException {
        delegate.keep();
    }

    @Override
    public void abort() throws IOException {
        delegate.abort();
    }

    @Override
    public void close() throws IOException {
        delegate.close();
    }

    @Override
    public String toString() {
        return delegate.toString();
    }
}
