package io.blobstore.split.repository;

import io.blobstore.Sha256;
import io.blobstore.split.ContentType;
import io.blobstore.split.Splitter;
import io.blobstore.split.internal.input.StreamInput;
import io.blobstore.transfer.RetryPolicy;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Options of {@link SplitEngine#split}. Immutable. */
public final class SplitOptions {
    /** Splits strict tar archives, without a ref. */
    public static final SplitOptions DEFAULT = builder().build();

    private final Splitter splitter;
    private final ContentType contentType;
    private final Optional<String> ref;
    private final Map<String, String> streams;
    private final Optional<Sha256> expected;
    private final boolean heal;
    private final int concurrency;
    private final long streamMemory;
    private final RetryPolicy retry;
    private final SplitListener listener;

    private SplitOptions(Builder builder) {
        splitter = builder.splitter;
        contentType = builder.contentType;
        ref = builder.ref;
        streams = Collections.unmodifiableMap(new LinkedHashMap<>(builder.streams));
        expected = builder.expected;
        heal = builder.heal;
        concurrency = builder.concurrency;
        streamMemory = builder.streamMemory;
        retry = builder.retry;
        listener = builder.listener;
        if (concurrency < 0) {
            throw new IllegalArgumentException("the concurrency must be 0 or more; got " + concurrency);
        }
        if (streamMemory < StreamInput.MIN_MEMORY) {
            throw new IllegalArgumentException("the memory for a stream must be " + StreamInput.MIN_MEMORY
                    + " bytes or more; got " + streamMemory);
        }
    }

    /** Returns a builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns where the content is cut. */
    public Splitter splitter() {
        return splitter;
    }

    /** Returns what the stream merges to. */
    public ContentType contentType() {
        return contentType;
    }

    /** Returns the ref that keeps the stream; empty if there is none. */
    public Optional<String> ref() {
        return ref;
    }

    /** Returns the names of other streams to which the stream refers, by the name of the reference, in order. */
    public Map<String, String> streams() {
        return streams;
    }

    /** Returns the SHA-256 that the content must have; empty if it is not checked. */
    public Optional<Sha256> expected() {
        return expected;
    }

    /** Returns whether present objects are read, and replaced if they are damaged. */
    public boolean heal() {
        return heal;
    }

    /** Returns the maximum number of threads that work on the split; 0 for the number that suits the object store. */
    public int concurrency() {
        return concurrency;
    }

    /** Returns the maximum number of off-heap bytes that are kept of a stream while it is split. */
    public long streamMemory() {
        return streamMemory;
    }

    /** Returns how failed requests are repeated. */
    public RetryPolicy retry() {
        return retry;
    }

    /** Returns the listener. */
    public SplitListener listener() {
        return listener;
    }

    @Override
    public String toString() {
        return "SplitOptions[splitter=" + splitter + ", contentType=" + contentType + ", ref=" + ref + ", streams="
                + streams + ", expected=" + expected + ", heal=" + heal + ", concurrency=" + concurrency
                + ", streamMemory="
                + streamMemory + ", retry="
                + retry + "]";
    }

    /** Builds {@link SplitOptions}. Not thread-safe. */
    public static final class Builder {
        private Splitter splitter = Splitter.tar();
        private ContentType contentType = ContentType.NONE;
        private Optional<String> ref = Optional.empty();
        private final Map<String, String> streams = new LinkedHashMap<>();
        private Optional<Sha256> expected = Optional.empty();
        private boolean heal;
        private int concurrency;
        private long streamMemory = 64L << 20;
        private RetryPolicy retry = RetryPolicy.DEFAULT;
        private SplitListener listener = SplitListener.NONE;

        private Builder() {}

        /** Sets where the content is cut; default {@link Splitter#tar()}. */
        public Builder splitter(Splitter splitter) {
            this.splitter = Objects.requireNonNull(splitter, "splitter");
            return this;
        }

        /** Sets what the stream merges to; default {@link ContentType#NONE}. */
        public Builder contentType(ContentType type) {
            contentType = Objects.requireNonNull(type, "type");
            return this;
        }

        /**
         * Sets the ref that keeps the stream, which is created or changed last. Default: none, so that the next garbage
         * collection may delete it.
         */
        public Builder ref(String ref) {
            RepositoryPaths.ref(ref);
            this.ref = Optional.of(ref);
            return this;
        }

        /**
         * Adds a reference to another stream of the repository, which is kept as long as this one. The stream lists its
         * references in the order in which they were added. Every object of the other stream is asked for, and the
         * split fails if one is missing.
         *
         * @param name the name of the reference
         * @param stream the name of the stream, which must exist
         */
        public Builder stream(String name, String stream) {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(stream, "stream");
            streams.put(name, stream);
            return this;
        }

        /** Sets the SHA-256 that the whole content must have, as a container image's {@code diff_id} is. */
        public Builder expected(Sha256 digest) {
            expected = Optional.of(Objects.requireNonNull(digest, "digest"));
            return this;
        }

        /**
         * Sets whether present objects are read, and replaced if they are damaged. Default: only their size is
         * compared, so that a damaged object of the right size is found by the next merge or check, and not by the
         * split.
         */
        public Builder heal(boolean heal) {
            this.heal = heal;
            return this;
        }

        /**
         * Sets the maximum number of threads that work on the split; default 0: the number that suits the object store.
         */
        public Builder concurrency(int threads) {
            concurrency = threads;
            return this;
        }

        /**
         * Sets the maximum number of off-heap bytes that are kept of a stream while it is split; at least 16 MiB,
         * default 64 MiB. While they are in use, nothing more is read. Objects of more than 1 MiB are in temporary
         * files instead. Of no effect on sources, whose content is not copied.
         */
        public Builder streamMemory(long bytes) {
            streamMemory = bytes;
            return this;
        }

        /** Sets how failed requests are repeated. */
        public Builder retry(RetryPolicy policy) {
            retry = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /** Sets the listener. */
        public Builder listener(SplitListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public SplitOptions build() {
            return new SplitOptions(this);
        }
    }
}
