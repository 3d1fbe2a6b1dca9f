package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.StoredBlob;

/**
 * Stores large blobs in parallel parts, straight from memory.
 *
 * <p>A blob larger than one part goes as a multipart upload, its parts sent side by side under two limits: parts per
 * transfer ({@link UploadOptions#concurrency()}) and bytes in flight over all transfers of this uploader
 * ({@link Builder#maxBytesInFlight}). Smaller blobs, and all blobs for a store without multipart, are stored in one
 * request. Each part is retried by itself. The first part that fails for good stops the others, and the upload is
 * aborted after the last of them has let go of the memory.
 *
 * <p>The content's checksum is computed once, part by part while it is sent, combined, and compared with what the store
 * says it has.
 *
 * <p>An uploader is meant to be shared: it is the bound on memory in use and, with the default executor, on threads.
 * Thread-safe.
 */
public final class ParallelUploader extends TransferEngine {
    private ParallelUploader(Builder builder) {
        super(builder);
    }

    /** An uploader with everything at its default. */
    public static ParallelUploader create() {
        return builder().build();
    }

    /** A builder with everything at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Begins an upload with default options; see {@link #upload(BlobStore, BlobKey, BlobSource, UploadOptions)}. */
    public Transfer<StoredBlob> upload(BlobStore store, BlobKey key, BlobSource source) {
        return upload(store, key, source, UploadOptions.DEFAULT);
    }

    /**
     * Begins an upload and returns at once. The source is retained from now until the transfer has completed: a mapped
     * file may be closed meanwhile, and is unmapped after that.
     *
     * @throws IllegalArgumentException if the blob is larger than the store allows
     * @throws IllegalStateException if this uploader, or the source's memory, is closed
     * @throws java.util.concurrent.RejectedExecutionException if the executor does not take the transfer
     */
    public Transfer<StoredBlob> upload(BlobStore store, BlobKey key, BlobSource source, UploadOptions options) {
        requireOpen();
        Upload upload = enter(new Upload(store, key, source, options, this));
        upload.start();
        return upload;
    }

    /** Builds an uploader. Not thread-safe. */
    public static final class Builder extends TransferEngine.Builder<Builder> {
        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /** Builds the uploader, to be closed by the caller. */
        public ParallelUploader build() {
            return new ParallelUploader(this);
        }
    }
}
