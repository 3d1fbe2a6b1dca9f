package io.blobstore.cache;

import io.blobstore.transfer.RetryPolicy;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * Options of a {@link CachedBlobStore}. Immutable.
 *
 * <pre>{@code
 * CachedStoreOptions options = CachedStoreOptions.builder()
 *         .wholeBlobLimit(256 << 20)
 *         .maxPieceBytes(20L << 30)
 *         .writeBack(WriteBackOptions.DEFAULT)
 *         .build();
 * }</pre>
 */
public final class CachedStoreOptions {
    /** Caches whole blobs of up to 64 MiB when they are read; larger ones are not cached. */
    public static final CachedStoreOptions DEFAULT = builder().build();

    private final Optional<String> storeId;
    private final long wholeBlobLimit;
    private final int pieceSize;
    private final long maxPieceBytes;
    private final boolean fillToEnd;
    private final boolean cacheOnWrite;
    private final Duration stallTimeout;
    private final RetryPolicy retry;
    private final int fillThreads;
    private final Optional<WriteBackOptions> writeBack;

    private CachedStoreOptions(Builder builder) {
        storeId = builder.storeId;
        wholeBlobLimit = builder.wholeBlobLimit;
        pieceSize = builder.pieceSize;
        maxPieceBytes = builder.maxPieceBytes;
        fillToEnd = builder.fillToEnd;
        cacheOnWrite = builder.cacheOnWrite;
        stallTimeout = builder.stallTimeout;
        retry = builder.retry;
        fillThreads = builder.fillThreads;
        writeBack = builder.writeBack;
        if (wholeBlobLimit < 0 || pieceSize < 1 || maxPieceBytes < 0 || fillThreads < 1) {
            throw new IllegalArgumentException(
                    "sizes must not be negative, and pieces and threads must be 1 or more; got " + wholeBlobLimit + ", "
                            + maxPieceBytes + ", " + pieceSize + " and " + fillThreads);
        }
        if (stallTimeout.isNegative() || stallTimeout.isZero()) {
            throw new IllegalArgumentException("the stall timeout must be positive; got " + stallTimeout);
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

    /** Returns the name under which versions are remembered; empty for the description of the remote store. */
    public Optional<String> storeId() {
        return storeId;
    }

    /** Returns the size of the largest blob that is cached as a whole, in bytes. */
    public long wholeBlobLimit() {
        return wholeBlobLimit;
    }

    /** Returns the size of a piece of a larger blob, in bytes. */
    public int pieceSize() {
        return pieceSize;
    }

    /** Returns the most bytes of pieces on the disk; 0 if larger blobs are not cached. */
    public long maxPieceBytes() {
        return maxPieceBytes;
    }

    /** Returns whether a download goes on when all reads that wait for it were cancelled. */
    public boolean fillToEnd() {
        return fillToEnd;
    }

    /** Returns whether blobs are put into the cache when they are stored. */
    public boolean cacheOnWrite() {
        return cacheOnWrite;
    }

    /** Returns after how long without progress a download is given up. */
    public Duration stallTimeout() {
        return stallTimeout;
    }

    /** Returns how often a failed request of a download is attempted again. */
    public RetryPolicy retry() {
        return retry;
    }

    /** Returns how many downloads may be in progress. */
    public int fillThreads() {
        return fillThreads;
    }

    /** Returns how blobs are stored before they are uploaded; empty if they are uploaded first. */
    public Optional<WriteBackOptions> writeBack() {
        return writeBack;
    }

    /** Builds {@link CachedStoreOptions}. Not thread-safe. */
    public static final class Builder {
        private Optional<String> storeId = Optional.empty();
        private long wholeBlobLimit = 64L << 20;
        private int pieceSize = 4 << 20;
        private long maxPieceBytes;
        private boolean fillToEnd;
        private boolean cacheOnWrite;
        private Duration stallTimeout = Duration.ofSeconds(60);
        private RetryPolicy retry = RetryPolicy.DEFAULT;
        private int fillThreads = 16;
        private Optional<WriteBackOptions> writeBack = Optional.empty();

        private Builder() {}

        private Builder(CachedStoreOptions options) {
            storeId = options.storeId;
            wholeBlobLimit = options.wholeBlobLimit;
            pieceSize = options.pieceSize;
            maxPieceBytes = options.maxPieceBytes;
            fillToEnd = options.fillToEnd;
            cacheOnWrite = options.cacheOnWrite;
            stallTimeout = options.stallTimeout;
            retry = options.retry;
            fillThreads = options.fillThreads;
            writeBack = options.writeBack;
        }

        /**
         * Sets the name under which versions are remembered; default: the remote store's description. Two stores with
         * one name in one cache must have the same content for the same key and version.
         */
        public Builder storeId(String id) {
            storeId = Optional.of(Objects.requireNonNull(id, "id"));
            return this;
        }

        /**
         * Sets the size of the largest blob that is cached as a whole, in bytes; default 64 MiB. A read of any range of
         * such a blob downloads all of it.
         */
        public Builder wholeBlobLimit(long bytes) {
            wholeBlobLimit = bytes;
            return this;
        }

        /** Sets the size of a piece of a larger blob, in bytes; default 4 MiB. */
        public Builder pieceSize(int bytes) {
            pieceSize = bytes;
            return this;
        }

        /**
         * Sets the most bytes of pieces on the disk, beside those of the cache; default 0, which means that larger
         * blobs are not cached.
         */
        public Builder maxPieceBytes(long bytes) {
            maxPieceBytes = bytes;
            return this;
        }

        /**
         * Sets whether a download goes on when all reads that wait for it were cancelled; default false. It goes on in
         * any case if they have got what they needed.
         */
        public Builder fillToEnd(boolean toEnd) {
            fillToEnd = toEnd;
            return this;
        }

        /**
         * Sets whether the content of {@link CachedBlobStore#store} is put into the cache after the remote store has
         * it, which costs a request for metadata, and reads the source again; default false. Uploads in parts are not
         * put into the cache.
         */
        public Builder cacheOnWrite(boolean cached) {
            cacheOnWrite = cached;
            return this;
        }

        /**
         * Sets after how long without progress a download is given up, so that the reads that wait for it try another;
         * default 60 s.
         */
        public Builder stallTimeout(Duration timeout) {
            stallTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets how often a failed request of a download is attempted again, from the byte that was reached. The
         * exception of a read tells how many attempts were made, so that a transfer over this store does not repeat
         * them.
         */
        public Builder retry(RetryPolicy policy) {
            retry = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /** Sets how many downloads may be in progress; default 16. Others wait. */
        public Builder fillThreads(int threads) {
            fillThreads = threads;
            return this;
        }

        /**
         * Sets that blobs are stored in the cache first, and uploaded later; default: not. Then
         * {@link CachedBlobStore#store} returns before the remote store has the blob.
         */
        public Builder writeBack(WriteBackOptions options) {
            writeBack = Optional.of(Objects.requireNonNull(options, "options"));
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public CachedStoreOptions build() {
            return new CachedStoreOptions(this);
        }
    }
}
