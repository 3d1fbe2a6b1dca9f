package io.blobstore.cas;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/** Options of a {@link ContentCache}. Immutable. */
public final class CacheOptions {
    private final long maxBytes;
    private final Optional<Path> stateDirectory;
    private final StorageMode storageMode;
    private final Durability durability;
    private final AccessMode accessMode;
    private final int compressionThreads;
    private final CacheListener listener;

    private CacheOptions(Builder builder) {
        maxBytes = builder.maxBytes;
        stateDirectory = builder.stateDirectory;
        storageMode = builder.storageMode;
        durability = builder.durability;
        accessMode = builder.accessMode;
        compressionThreads = builder.compressionThreads;
        listener = builder.listener;
        if (maxBytes < 1 || compressionThreads < 1) {
            throw new IllegalArgumentException("the maximum size and the number of threads must be 1 or more; got "
                    + maxBytes + " and " + compressionThreads);
        }
    }

    /** Returns options with a maximum size in bytes, and everything else at its default. */
    public static CacheOptions ofMaxBytes(long maxBytes) {
        return builder().maxBytes(maxBytes).build();
    }

    /** Returns a builder with every option at its default, except for the maximum size, which must be set. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the most bytes that the cache takes on the disk. */
    public long maxBytes() {
        return maxBytes;
    }

    /** Returns the directory of the locks, the journal and unfinished files; empty for the default beside the cache. */
    public Optional<Path> stateDirectory() {
        return stateDirectory;
    }

    /** Returns how content is stored. */
    public StorageMode storageMode() {
        return storageMode;
    }

    /** Returns what survives a power failure. */
    public Durability durability() {
        return durability;
    }

    /** Returns what other processes may do meanwhile. */
    public AccessMode accessMode() {
        return accessMode;
    }

    /** Returns the number of threads that compress and decode, besides those that put and get. */
    public int compressionThreads() {
        return compressionThreads;
    }

    /** Returns the listener of events. */
    public CacheListener listener() {
        return listener;
    }

    /** Builds {@link CacheOptions}. Not thread-safe. */
    public static final class Builder {
        private long maxBytes;
        private Optional<Path> stateDirectory = Optional.empty();
        private StorageMode storageMode = StorageMode.HYBRID;
        private Durability durability = Durability.NONE;
        private AccessMode accessMode = AccessMode.EXCLUSIVE;
        private int compressionThreads = Runtime.getRuntime().availableProcessors();
        private CacheListener listener = CacheListener.NONE;

        private Builder() {}

        /** Sets the most bytes that the cache takes on the disk, unfinished files included. */
        public Builder maxBytes(long bytes) {
            maxBytes = bytes;
            return this;
        }

        /**
         * Sets the directory of the locks, the journal and unfinished files, which must be on the same file system as
         * the cache; default: {@code .NAME.blobstore-cas} beside the directory NAME of the cache.
         */
        public Builder stateDirectory(Path directory) {
            stateDirectory = Optional.of(Objects.requireNonNull(directory, "directory"));
            return this;
        }

        /** Sets how content is stored; default {@link StorageMode#HYBRID}. */
        public Builder storageMode(StorageMode mode) {
            storageMode = Objects.requireNonNull(mode, "mode");
            return this;
        }

        /** Sets what survives a power failure; default {@link Durability#NONE}. */
        public Builder durability(Durability durability) {
            this.durability = Objects.requireNonNull(durability, "durability");
            return this;
        }

        /** Sets what other processes may do meanwhile; default {@link AccessMode#EXCLUSIVE}. */
        public Builder accessMode(AccessMode mode) {
            accessMode = Objects.requireNonNull(mode, "mode");
            return this;
        }

        /**
         * Sets the number of threads that compress, besides those that put; a get of several MiB uses one less of them,
         * besides the thread that gets. Default: the number of processors.
         */
        public Builder compressionThreads(int threads) {
            compressionThreads = threads;
            return this;
        }

        /** Sets the listener of events; default {@link CacheListener#NONE}. */
        public Builder listener(CacheListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if the maximum size was not set, or a value is outside its limits
         */
        public CacheOptions build() {
            return new CacheOptions(this);
        }
    }
}
