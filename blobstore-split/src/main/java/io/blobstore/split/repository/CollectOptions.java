package io.blobstore.split.repository;

import io.blobstore.transfer.RetryPolicy;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** Options of {@link SplitEngine#collect}. Immutable. */
public final class CollectOptions {
    /** Deletes what nothing refers to. */
    public static final CollectOptions DEFAULT = builder().build();

    private final boolean dryRun;
    private final Duration wait;
    private final Duration grace;
    private final Set<String> forget;
    private final RetryPolicy retry;

    private CollectOptions(Builder builder) {
        dryRun = builder.dryRun;
        wait = builder.wait;
        grace = builder.grace;
        forget = Set.copyOf(builder.forget);
        retry = builder.retry;
    }

    /** Returns a builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns whether nothing is changed. */
    public boolean dryRun() {
        return dryRun;
    }

    /** Returns how long to wait for writers, where they exclude a collection. */
    public Duration waitForWriters() {
        return wait;
    }

    /** Returns the age below which nothing is deleted in a store without locks, unless that of the store is longer. */
    public Duration grace() {
        return grace;
    }

    /** Returns the names of broken streams that are deleted, with the refs to them. */
    public Set<String> forget() {
        return forget;
    }

    /** Returns how failed requests are repeated. */
    public RetryPolicy retry() {
        return retry;
    }

    /** Builds {@link CollectOptions}. Not thread-safe. */
    public static final class Builder {
        private boolean dryRun;
        private Duration wait = Duration.ofSeconds(30);
        private Duration grace = Duration.ZERO;
        private final Set<String> forget = new TreeSet<>();
        private RetryPolicy retry = RetryPolicy.DEFAULT;

        private Builder() {}

        /** Sets whether the collection only reports what it would delete. */
        public Builder dryRun(boolean dryRun) {
            this.dryRun = dryRun;
            return this;
        }

        /** Sets how long to wait for writers of a repository on disk; default 30 seconds. */
        public Builder waitForWriters(Duration wait) {
            this.wait = Objects.requireNonNull(wait, "wait");
            return this;
        }

        /**
         * Sets the age below which nothing is deleted in a store without locks, if it is longer than that of the store
         * ({@link BlobStoreObjects#grace}), which is the default: a shorter one has no effect, as writers rely on
         * objects of that age.
         */
        public Builder grace(Duration grace) {
            this.grace = Objects.requireNonNull(grace, "grace");
            return this;
        }

        /** Adds the name of a stream that cannot be read any more: it is deleted, with the refs to it. */
        public Builder forget(String stream) {
            Objects.requireNonNull(stream, "stream");
            RepositoryPaths.stream(stream);
            forget.add(stream);
            return this;
        }

        /** Sets how failed requests are repeated. */
        public Builder retry(RetryPolicy policy) {
            retry = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /** Builds the options. */
        public CollectOptions build() {
            return new CollectOptions(this);
        }
    }
}
