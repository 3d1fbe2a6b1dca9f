package io.blobstore.server;

import java.time.Duration;
import java.util.Objects;
import java.util.OptionalLong;

/** What clients may demand of a {@link CacheServer}. Immutable. */
public final class ServerLimits {
    private final int maxConnections;
    private final int maxHeaderBytes;
    private final OptionalLong maxBlobBytes;
    private final int maxRecordBytes;
    private final Duration idleTimeout;
    private final Duration headTimeout;
    private final Duration paceWindow;
    private final int minBytesPerSecond;
    private final int workerThreads;
    private final long readMemory;

    private ServerLimits(Builder builder) {
        maxConnections = positive(builder.maxConnections, "connections");
        maxHeaderBytes = positive(builder.maxHeaderBytes, "header bytes");
        maxBlobBytes = builder.maxBlobBytes;
        maxBlobBytes.ifPresent(bytes -> positive(bytes, "bytes of a blob"));
        maxRecordBytes = positive(builder.maxRecordBytes, "bytes of a record");
        idleTimeout = positive(builder.idleTimeout, "idle timeout");
        headTimeout = positive(builder.headTimeout, "time for a request's head");
        paceWindow = positive(builder.paceWindow, "time in which the pace is measured");
        minBytesPerSecond = builder.minBytesPerSecond;
        workerThreads = positive(builder.workerThreads, "worker threads");
        readMemory = positive(builder.readMemory, "bytes of memory for reads");
        if (minBytesPerSecond < 0 || maxRecordBytes > Builder.LARGEST_RECORD) {
            throw new IllegalArgumentException("the least pace is 0 or more, and records have " + Builder.LARGEST_RECORD
                    + " bytes at most; got " + minBytesPerSecond + " and " + maxRecordBytes);
        }
    }

    private static <T extends Number> T positive(T value, String what) {
        if (value.longValue() < 1) {
            throw new IllegalArgumentException("the number of " + what + " must be 1 or more; got " + value);
        }
        return value;
    }

    private static Duration positive(Duration value, String what) {
        if (value.toMillis() < 1) {
            throw new IllegalArgumentException("the " + what + " must be 1 ms or more; got " + value);
        }
        return value;
    }

    /** Returns the default limits. */
    public static ServerLimits defaults() {
        return builder().build();
    }

    /** Returns a builder with every limit at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the most open connections of an endpoint; a further one is refused. */
    public int maxConnections() {
        return maxConnections;
    }

    /** Returns the most bytes of a request's first line, and of all its header fields together. */
    public int maxHeaderBytes() {
        return maxHeaderBytes;
    }

    /** Returns the most bytes of content that a client may put; empty for the maximum size of the cache. */
    public OptionalLong maxBlobBytes() {
        return maxBlobBytes;
    }

    /** Returns the most bytes of a record (an action result) that a client may put. */
    public int maxRecordBytes() {
        return maxRecordBytes;
    }

    /** Returns how long a connection may be open without a request. */
    public Duration idleTimeout() {
        return idleTimeout;
    }

    /** Returns how long the head of a request may take from its first byte on. */
    public Duration headTimeout() {
        return headTimeout;
    }

    /** Returns the time of waiting for a client after which its pace is measured. */
    public Duration paceWindow() {
        return paceWindow;
    }

    /** Returns the least pace of a client that sends or receives content; 0 for any, but not none at all. */
    public int minBytesPerSecond() {
        return minBytesPerSecond;
    }

    /** Returns the number of threads that work on the cache for all clients. */
    public int workerThreads() {
        return workerThreads;
    }

    /** Returns the most direct memory for content on its way to clients, besides a small piece for each. */
    public long readMemory() {
        return readMemory;
    }

    /** Builds {@link ServerLimits}. Not thread-safe. */
    public static final class Builder {
        private static final int LARGEST_RECORD = 64 << 20;

        private int maxConnections = 1024;
        private int maxHeaderBytes = 16 << 10;
        private OptionalLong maxBlobBytes = OptionalLong.empty();
        private int maxRecordBytes = LARGEST_RECORD;
        private Duration idleTimeout = Duration.ofMinutes(5);
        private Duration headTimeout = Duration.ofSeconds(10);
        private Duration paceWindow = Duration.ofSeconds(30);
        private int minBytesPerSecond = 1024;
        private int workerThreads = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());
        private long readMemory =
                Math.max(4L << 20, Math.min(32L << 20, Runtime.getRuntime().maxMemory() / 8));

        private Builder() {}

        /** Sets the most open connections of an endpoint; default 1024. */
        public Builder maxConnections(int connections) {
            maxConnections = connections;
            return this;
        }

        /** Sets the most bytes of a request's first line, and of all its header fields together; default 16 KiB. */
        public Builder maxHeaderBytes(int bytes) {
            maxHeaderBytes = bytes;
            return this;
        }

        /** Sets the most bytes of content that a client may put; default: the maximum size of the cache. */
        public Builder maxBlobBytes(long bytes) {
            maxBlobBytes = OptionalLong.of(bytes);
            return this;
        }

        /** Sets the most bytes of a record that a client may put; default, and maximum, 64 MiB. */
        public Builder maxRecordBytes(int bytes) {
            maxRecordBytes = bytes;
            return this;
        }

        /** Sets how long a connection may be open without a request; default 5 min. */
        public Builder idleTimeout(Duration timeout) {
            idleTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /** Sets how long the head of a request may take from its first byte on; default 10 s. */
        public Builder headTimeout(Duration timeout) {
            headTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /** Sets the time of waiting for a client after which its pace is measured; default 30 s. */
        public Builder paceWindow(Duration window) {
            paceWindow = Objects.requireNonNull(window, "window");
            return this;
        }

        /** Sets the least pace of a client that sends or receives content; default 1024 bytes per second. */
        public Builder minBytesPerSecond(int bytes) {
            minBytesPerSecond = bytes;
            return this;
        }

        /** Sets the number of threads that work on the cache; default: twice the number of processors, at least 4. */
        public Builder workerThreads(int threads) {
            workerThreads = threads;
            return this;
        }

        /**
         * Sets the most direct memory for content on its way to clients; default 32 MiB, or an eighth of the largest
         * heap if that is less.
         */
        public Builder readMemory(long bytes) {
            readMemory = bytes;
            return this;
        }

        /**
         * Builds the limits.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public ServerLimits build() {
            return new ServerLimits(this);
        }
    }
}
