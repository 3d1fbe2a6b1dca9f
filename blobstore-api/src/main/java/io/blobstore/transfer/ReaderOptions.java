package io.blobstore.transfer;

import io.blobstore.ReadOptions;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Options of a {@link BlobReader}. Immutable. */
public final class ReaderOptions {
    /** Reads the current version with 8 requests at once and up to 256 MiB ahead, with the default retries. */
    public static final ReaderOptions DEFAULT = new Builder().build();

    private final int concurrency;
    private final long maxReadAhead;
    private final boolean shared;
    private final ReadOptions read;
    private final RetryPolicy retry;

    private ReaderOptions(Builder builder) {
        concurrency = builder.concurrency;
        maxReadAhead = builder.maxReadAhead;
        shared = builder.shared;
        read = builder.read;
        retry = builder.retry;
        if (concurrency < 1 || maxReadAhead < 0) {
            throw new IllegalArgumentException(
                    "concurrency must be 1 or more, read-ahead 0 or more; got " + concurrency + " and " + maxReadAhead);
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

    /** Returns the maximum number of requests of one read, and likewise of requests that read ahead. */
    public int concurrency() {
        return concurrency;
    }

    /** Returns the maximum number of bytes that are read ahead. */
    public long maxReadAhead() {
        return maxReadAhead;
    }

    /** Returns whether readers of the same blob share what they fetch. */
    public boolean shared() {
        return shared;
    }

    /** Returns which version is read. */
    public ReadOptions read() {
        return read;
    }

    /** Returns how often a failed request is attempted again. */
    public RetryPolicy retry() {
        return retry;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ReaderOptions that
                && concurrency == that.concurrency
                && maxReadAhead == that.maxReadAhead
                && shared == that.shared
                && read.equals(that.read)
                && retry.equals(that.retry);
    }

    @Override
    public int hashCode() {
        return Objects.hash(concurrency, maxReadAhead, shared, read, retry);
    }

    @Override
    public String toString() {
        return "ReaderOptions[concurrency=" + concurrency + ", maxReadAhead=" + maxReadAhead + ", shared=" + shared
                + ", read=" + read + ", retry=" + retry + "]";
    }

    /** Builds {@link ReaderOptions}. Not thread-safe. */
    public static final class Builder {
        private int concurrency = 8;
        private long maxReadAhead = 256L << 20;
        private boolean shared;
        private ReadOptions read = ReadOptions.DEFAULT;
        private RetryPolicy retry = RetryPolicy.DEFAULT;

        private Builder() {}

        private Builder(ReaderOptions options) {
            concurrency = options.concurrency;
            maxReadAhead = options.maxReadAhead;
            shared = options.shared;
            read = options.read;
            retry = options.retry;
        }

        /**
         * Sets the maximum number of requests into which one read is split, and likewise of requests in flight that
         * read ahead; 1 or more. The number of connections is up to the store.
         */
        public Builder concurrency(int requests) {
            concurrency = requests;
            return this;
        }

        /**
         * Sets the maximum number of bytes that this reader reads ahead, within the memory that all readers share; 0 to
         * read nothing ahead, and to fetch of small blobs only what is read.
         */
        public Builder maxReadAhead(long bytes) {
            maxReadAhead = bytes;
            return this;
        }

        /**
         * Sets whether this reader shares what it fetches with the other readers of the same manager that share, and
         * have the same store instance, key and {@link #read version} option. They request the metadata once, before
         * the first read, and read the version that it reports; they fetch blocks of 1 MiB, each once, and keep them
         * within the memory for reading ahead, until the last of these readers is closed. Off by default.
         *
         * <p>For several readers of one blob, such as the threads that read the parts of a columnar file. Not for
         * sparse small reads, which fetch whole blocks. Bytes are copied from the blocks into the caller's buffer,
         * prefetched ones twice. A reader that is opened while others read an older version reads that one too.
         */
        public Builder shared(boolean enabled) {
            shared = enabled;
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

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public ReaderOptions build() {
            return new ReaderOptions(this);
        }
    }
}
