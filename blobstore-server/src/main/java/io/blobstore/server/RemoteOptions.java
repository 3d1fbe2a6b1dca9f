package io.blobstore.server;

import io.blobstore.BlobStore;
import io.blobstore.cache.WriteBackOptions;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * The remote cache behind the local one of a {@link CacheServer}: a bucket with the entries that bazel-remote keeps in
 * storage mode {@code zstd}, which it may share, or another HTTP cache. Immutable.
 *
 * <pre>{@code
 * RemoteOptions remote = RemoteOptions.builder(BlobStores.open("s3://builds?region=eu-central-1"))
 *         .prefix("cache")
 *         .build();
 * }</pre>
 *
 * <p>What clients put is acknowledged when the local cache has it, and a record on the disk that it is to be uploaded;
 * see {@link Builder#writeThrough()}.
 */
public final class RemoteOptions {
    private final Optional<BlobStore> bucket;
    private final Optional<HttpRemote> http;
    private final RemoteLayout layout;
    private final String prefix;
    private final boolean uploads;
    private final Optional<WriteBackOptions> writeBack;
    private final Duration lookupTimeout;
    private final Duration stallTimeout;
    private final int lookups;
    private final int downloads;

    private RemoteOptions(Builder builder) {
        bucket = builder.bucket;
        http = builder.http;
        layout = builder.layout;
        prefix = builder.prefix.replaceAll("^/+|/+$", "");
        uploads = builder.uploads;
        writeBack = builder.writeBack;
        lookupTimeout = positive(builder.lookupTimeout, "timeout of a lookup");
        stallTimeout = positive(builder.stallTimeout, "time without progress");
        lookups = builder.lookups;
        downloads = builder.downloads;
        if (lookups < 1 || downloads < 1) {
            throw new IllegalArgumentException(
                    "1 lookup and 1 download at a time, or more, are needed; got " + lookups + " and " + downloads);
        }
    }

    private static Duration positive(Duration value, String what) {
        if (value.toMillis() < 1) {
            throw new IllegalArgumentException("the " + what + " must be 1 ms or more; got " + value);
        }
        return value;
    }

    /**
     * Returns options with a bucket, and everything else at its default.
     *
     * @param bucket the store, which the caller closes after the server
     */
    public static RemoteOptions of(BlobStore bucket) {
        return builder(bucket).build();
    }

    /**
     * Returns a builder with every option at its default.
     *
     * @param bucket the store, which the caller closes after the server
     */
    public static Builder builder(BlobStore bucket) {
        Objects.requireNonNull(bucket, "bucket");
        return new Builder(bucket);
    }

    /**
     * Returns a builder with every option at its default. Layout and prefix are those of buckets, and are not used.
     *
     * @param http another cache; it takes no more connections than lookups, downloads and uploads at a time
     */
    public static Builder builder(HttpRemote http) {
        Objects.requireNonNull(http, "http");
        return new Builder(http);
    }

    /** Returns the store; empty if the remote cache is an HTTP cache. */
    public Optional<BlobStore> bucket() {
        return bucket;
    }

    /** Returns the HTTP cache; empty if the remote cache is a bucket. */
    public Optional<HttpRemote> http() {
        return http;
    }

    /** Returns under which keys entries are kept in the bucket. */
    public RemoteLayout layout() {
        return layout;
    }

    /** Returns what all keys begin with, without a slash at either end; empty for nothing. */
    public String prefix() {
        return prefix;
    }

    /** Returns whether what clients put is uploaded. */
    public boolean uploads() {
        return uploads;
    }

    /** Returns the bounds of what waits to be uploaded; empty if it is uploaded before it is acknowledged. */
    public Optional<WriteBackOptions> writeBack() {
        return writeBack;
    }

    /** Returns how long a request for metadata, a record, or content of up to 1 MiB may take. */
    public Duration lookupTimeout() {
        return lookupTimeout;
    }

    /** Returns after how long without progress a download is given up. */
    public Duration stallTimeout() {
        return stallTimeout;
    }

    /** Returns how many requests for metadata, records, or content of up to 1 MiB are sent at a time. */
    public int lookups() {
        return lookups;
    }

    /** Returns how many downloads may be in progress. */
    public int downloads() {
        return downloads;
    }

    @Override
    public String toString() {
        String where = bucket.map(store -> store + ", " + layout + (prefix.isEmpty() ? "" : ", prefix " + prefix))
                .orElseGet(() -> http.orElseThrow().uri().toString());
        return "RemoteOptions[" + where
                + (!uploads ? ", read-only]" : writeBack.isPresent() ? ", written back]" : ", written through]");
    }

    /** Builds {@link RemoteOptions}. Not thread-safe. */
    public static final class Builder {
        private static final WriteBackOptions WRITE_BACK =
                WriteBackOptions.builder().maxBlobs(10_000).maxBytes(4L << 30).build();

        private final Optional<BlobStore> bucket;
        private final Optional<HttpRemote> http;
        private RemoteLayout layout = RemoteLayout.SHARDED;
        private String prefix = "";
        private boolean uploads = true;
        private Optional<WriteBackOptions> writeBack = Optional.of(WRITE_BACK);
        private Duration lookupTimeout = Duration.ofSeconds(5);
        private Duration stallTimeout = Duration.ofSeconds(30);
        private int lookups = 32;
        private int downloads = 16;

        private Builder(BlobStore bucket) {
            this.bucket = Optional.of(bucket);
            http = Optional.empty();
        }

        private Builder(HttpRemote http) {
            bucket = Optional.empty();
            this.http = Optional.of(http);
        }

        /** Sets under which keys entries are kept; default {@link RemoteLayout#SHARDED}. */
        public Builder layout(RemoteLayout layout) {
            this.layout = Objects.requireNonNull(layout, "layout");
            return this;
        }

        /** Sets what all keys begin with; default: nothing. Slashes at either end do not count. */
        public Builder prefix(String prefix) {
            this.prefix = Objects.requireNonNull(prefix, "prefix");
            return this;
        }

        /**
         * Sets how much may wait to be uploaded; default: 10,000 entries of together 4 GiB. What exceeds that is
         * uploaded before it is acknowledged. The cache must be open in exclusive mode. What was acknowledged survives
         * a kill of the process, and a power failure if the cache is {@link io.blobstore.cas.Durability#FULL durable}.
         */
        public Builder writeBack(WriteBackOptions options) {
            Objects.requireNonNull(options, "options");
            uploads = true;
            writeBack = Optional.of(options);
            return this;
        }

        /** Sets that what clients put is uploaded before it is acknowledged. */
        public Builder writeThrough() {
            uploads = true;
            writeBack = Optional.empty();
            return this;
        }

        /** Sets that nothing is uploaded. */
        public Builder readOnly() {
            uploads = false;
            writeBack = Optional.empty();
            return this;
        }

        /**
         * Sets how long a request for metadata, a record, or content of up to 1 MiB may take; default 5 s. It counts as
         * a miss then; after several failures in a row, the remote cache is left alone for a while.
         */
        public Builder lookupTimeout(Duration timeout) {
            lookupTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /** Sets after how long without progress a download is given up; default 30 s. */
        public Builder stallTimeout(Duration timeout) {
            stallTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets how many requests for metadata, records, or content of up to 1 MiB are sent at a time; default 32. Each
         * takes up to 2 MiB of direct memory.
         */
        public Builder lookups(int atATime) {
            lookups = atATime;
            return this;
        }

        /** Sets how many downloads may be in progress; default 16. */
        public Builder downloads(int atATime) {
            downloads = atATime;
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public RemoteOptions build() {
            return new RemoteOptions(this);
        }
    }
}
