package io.blobstore.transfer;

import io.blobstore.ReadOptions;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Options of a download of a blob, or of ranges of it. Immutable. */
public final class DownloadOptions {
    /** Reads the current version with 8 requests of 8 MiB at once, the default retries, no hedging and no listener. */
    public static final DownloadOptions DEFAULT = new Builder().build();

    private final long partSize;
    private final int concurrency;
    private final ReadOptions read;
    private final RetryPolicy retry;
    private final Optional<Hedging> hedging;
    private final TransferListener listener;
    private final boolean resumable;

    private DownloadOptions(Builder builder) {
        partSize = builder.partSize;
        concurrency = builder.concurrency;
        read = builder.read;
        retry = builder.retry;
        hedging = builder.hedging;
        listener = builder.listener;
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

    /** Returns the size of a request in bytes. */
    public long partSize() {
        return partSize;
    }

    /** Returns the maximum number of requests in flight. */
    public int concurrency() {
        return concurrency;
    }

    /** Returns which version is read. */
    public ReadOptions read() {
        return read;
    }

    /** Returns how often a failed request is attempted again. */
    public RetryPolicy retry() {
        return retry;
    }

    /** Returns when a part that takes long is requested again; empty for never. */
    public Optional<Hedging> hedging() {
        return hedging;
    }

    /** Returns the listener that receives progress. */
    public TransferListener listener() {
        return listener;
    }

    /** Returns whether an interrupted download is resumed. */
    public boolean resumable() {
        return resumable;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof DownloadOptions that
                && partSize == that.partSize
                && concurrency == that.concurrency
                && read.equals(that.read)
                && retry.equals(that.retry)
                && hedging.equals(that.hedging)
                && listener.equals(that.listener)
                && resumable == that.resumable;
    }

    @Override
    public int hashCode() {
        return Objects.hash(partSize, concurrency, read, retry, hedging, listener, resumable);
    }

    @Override
    public String toString() {
        return "DownloadOptions[partSize=" + partSize + ", concurrency=" + concurrency + ", read=" + read + ", retry="
                + retry + ", hedging=" + hedging + ", listener=" + listener + ", resumable=" + resumable + "]";
    }

    /** Builds {@link DownloadOptions}. Not thread-safe. */
    public static final class Builder {
        private long partSize = 8L << 20;
        private int concurrency = 8;
        private ReadOptions read = ReadOptions.DEFAULT;
        private RetryPolicy retry = RetryPolicy.DEFAULT;
        private Optional<Hedging> hedging = Optional.empty();
        private TransferListener listener = TransferListener.NONE;
        private boolean resumable;

        private Builder() {}

        private Builder(DownloadOptions options) {
            partSize = options.partSize;
            concurrency = options.concurrency;
            read = options.read;
            retry = options.retry;
            hedging = options.hedging;
            listener = options.listener;
            resumable = options.resumable;
        }

        /**
         * Sets the size of a request in bytes, 1 or more. A range of at most this size is read with one request. The
         * size is larger if there would be more than 2^20 requests.
         */
        public Builder partSize(long bytes) {
            partSize = bytes;
            return this;
        }

        /** Sets the maximum number of requests in flight, 1 or more. */
        public Builder concurrency(int requests) {
            concurrency = requests;
            return this;
        }

        /** Sets which version is read. Without one, the version that the first response reports is read to the end. */
        public Builder read(ReadOptions options) {
            Objects.requireNonNull(options, "options");
            read = options;
            return this;
        }

        /** Sets how often a failed request is attempted again. */
        public Builder retry(RetryPolicy policy) {
            Objects.requireNonNull(policy, "policy");
            retry = policy;
            return this;
        }

        /** Sets when a part that takes long is requested again. Without it, none is. */
        public Builder hedging(Hedging hedging) {
            Objects.requireNonNull(hedging, "hedging");
            this.hedging = Optional.of(hedging);
            return this;
        }

        /** Sets the listener that receives progress. */
        public Builder listener(TransferListener listener) {
            Objects.requireNonNull(listener, "listener");
            this.listener = listener;
            return this;
        }

        /**
         * Sets whether the download of a whole blob to a file is resumed; default false. After a failure, a
         * cancellation, or the death of the process, what was written stays in {@code .NAME.blobstore-part} beside the
         * file {@code NAME}, with a journal in {@code .NAME.blobstore-part.journal}. The same call goes on with the
         * parts that are in the file and have the checksums of the journal, and requests the others. It begins anew if
         * the key's blob has another version, or the size of the parts is different. One transfer at a time may write
         * to such a file. To give a download up, delete both files.
         */
        public Builder resumable(boolean resume) {
            resumable = resume;
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public DownloadOptions build() {
            return new DownloadOptions(this);
        }
    }
}
