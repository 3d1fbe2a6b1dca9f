package io.blobstore.transfer;

import io.blobstore.StoreOptions;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Options of an upload. Immutable.
 *
 * <pre>{@code
 * UploadOptions options = UploadOptions.builder()
 *         .partSize(32 << 20)
 *         .concurrency(16)
 *         .store(StoreOptions.builder().contentType("video/mp4").build())
 *         .build();
 * }</pre>
 */
public final class UploadOptions {
    /** Uploads 8 parts of 16 MiB at once, with the default retries and no listener. */
    public static final UploadOptions DEFAULT = new Builder().build();

    private final long partSize;
    private final int concurrency;
    private final StoreOptions store;
    private final RetryPolicy retry;
    private final TransferListener listener;
    private final boolean ifChanged;
    private final Optional<Path> resumable;

    private UploadOptions(Builder builder) {
        partSize = builder.partSize;
        concurrency = builder.concurrency;
        store = builder.store;
        retry = builder.retry;
        listener = builder.listener;
        ifChanged = builder.ifChanged;
        resumable = builder.resumable;
        if (partSize < 1 || concurrency < 1) {
            throw new IllegalArgumentException(
                    "part size and concurrency must be 1 or more; got " + partSize + " and " + concurrency);
        }
    }

    /** Returns a builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that starts with these options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns the preferred size of a part in bytes. */
    public long partSize() {
        return partSize;
    }

    /** Returns the maximum number of parts in flight. */
    public int concurrency() {
        return concurrency;
    }

    /** Returns the options with which the blob is stored. */
    public StoreOptions store() {
        return store;
    }

    /** Returns how often a failed request is attempted again. */
    public RetryPolicy retry() {
        return retry;
    }

    /** Returns the listener that receives progress. */
    public TransferListener listener() {
        return listener;
    }

    /** Returns whether content that is stored already is not sent. */
    public boolean ifChanged() {
        return ifChanged;
    }

    /** Returns the journal with which an interrupted upload is resumed; empty if it is aborted instead. */
    public Optional<Path> resumable() {
        return resumable;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof UploadOptions that
                && partSize == that.partSize
                && concurrency == that.concurrency
                && store.equals(that.store)
                && retry.equals(that.retry)
                && listener.equals(that.listener)
                && ifChanged == that.ifChanged
                && resumable.equals(that.resumable);
    }

    @Override
    public int hashCode() {
        return Objects.hash(partSize, concurrency, store, retry, listener, ifChanged, resumable);
    }

    @Override
    public String toString() {
        return "UploadOptions[partSize=" + partSize + ", concurrency=" + concurrency + ", store=" + store + ", retry="
                + retry + ", listener=" + listener + ", ifChanged=" + ifChanged + ", resumable=" + resumable + "]";
    }

    /** Builds {@link UploadOptions}. Not thread-safe. */
    public static final class Builder {
        private long partSize = 16L << 20;
        private int concurrency = 8;
        private StoreOptions store = StoreOptions.DEFAULT;
        private RetryPolicy retry = RetryPolicy.DEFAULT;
        private TransferListener listener = TransferListener.NONE;
        private boolean ifChanged;
        private Optional<Path> resumable = Optional.empty();

        private Builder() {}

        private Builder(UploadOptions options) {
            partSize = options.partSize;
            concurrency = options.concurrency;
            store = options.store;
            retry = options.retry;
            listener = options.listener;
            ifChanged = options.ifChanged;
            resumable = options.resumable;
        }

        /**
         * Sets the preferred size of a part in bytes, 1 or more; it is brought within the limits of the store. A blob
         * of at most this size is stored with one request. With a power of two, a part of a mapped file lies in one
         * buffer.
         */
        public Builder partSize(long bytes) {
            partSize = bytes;
            return this;
        }

        /** Sets the maximum number of parts in flight, 1 or more. */
        public Builder concurrency(int parts) {
            concurrency = parts;
            return this;
        }

        /** Sets the options with which the blob is stored. */
        public Builder store(StoreOptions options) {
            Objects.requireNonNull(options, "options");
            store = options;
            return this;
        }

        /** Sets how often a failed request is attempted again. */
        public Builder retry(RetryPolicy policy) {
            Objects.requireNonNull(policy, "policy");
            retry = policy;
            return this;
        }

        /** Sets the listener that receives progress. */
        public Builder listener(TransferListener listener) {
            Objects.requireNonNull(listener, "listener");
            this.listener = listener;
            return this;
        }

        /**
         * Sets whether to skip the upload if the key's blob has the same size and CRC32C; default false. Asks for the
         * blob's metadata first, and reads the source once if the size is the same.
         * {@link io.blobstore.StoredBlob#isUnchanged} tells whether the upload was skipped; then nothing was changed,
         * and no precondition was checked. Metadata and content headers are not compared. If the store keeps no CRC32C
         * of the blob, it is stored again. Not for content that is written while it is uploaded.
         */
        public Builder ifChanged(boolean skipUnchanged) {
            ifChanged = skipUnchanged;
            return this;
        }

        /**
         * Makes a multipart upload resumable. After a failure, a cancellation, or the death of the process, its parts
         * stay at the store, and the same call, with the same journal, goes on with them: it compares the parts that
         * the store has with the source by their checksums, and sends the others. It begins anew, and aborts the former
         * upload, if the source, the size of the parts or the store options are different. An upload that could only
         * fail again is aborted: if the source changed, or the precondition does not hold.
         *
         * <p>The source must be a file, {@link io.blobstore.BlobSource#ofPath} or a {@code MappedFile} that is mapped
         * read-only. To give an upload up, abort it by {@link io.blobstore.BlobStore#abortUpload}, and delete the
         * journal. A blob that is stored with one request is simply sent again. Not for content that is written while
         * it is uploaded.
         *
         * @param journal a small file that exists while the upload is not complete; its directory must exist. One
         *     transfer at a time may use it
         */
        public Builder resumable(Path journal) {
            resumable = Optional.of(Objects.requireNonNull(journal, "journal"));
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public UploadOptions build() {
            return new UploadOptions(this);
        }
    }
}
