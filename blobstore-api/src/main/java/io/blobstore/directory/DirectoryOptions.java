package io.blobstore.directory;

import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.UploadOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Options of a {@link DirectoryTransfer}. Immutable.
 *
 * <pre>{@code
 * DirectoryOptions mirror = DirectoryOptions.builder()
 *         .exclude(".git", "*.tmp")
 *         .comparison(Comparison.SIZE_AND_TIME)
 *         .delete(true)
 *         .build();
 * }</pre>
 */
public final class DirectoryOptions {
    /** Transfers every file, 32 at a time, follows no symbolic links, deletes nothing, stops at the first failure. */
    public static final DirectoryOptions DEFAULT = new Builder().build();

    private final List<String> includes;
    private final List<String> excludes;
    private final Predicate<DirectoryEntry> filter;
    private final boolean followLinks;
    private final int concurrency;
    private final Comparison comparison;
    private final boolean delete;
    private final boolean dryRun;
    private final FailureMode failureMode;
    private final UploadOptions upload;
    private final DownloadOptions download;
    private final DirectoryListener listener;

    /** The filter of every file. */
    private static boolean isFile(DirectoryEntry entry) {
        return true;
    }

    private DirectoryOptions(Builder builder) {
        includes = List.copyOf(builder.includes);
        excludes = List.copyOf(builder.excludes);
        filter = builder.filter;
        followLinks = builder.followLinks;
        concurrency = builder.concurrency;
        comparison = builder.comparison;
        delete = builder.delete;
        dryRun = builder.dryRun;
        failureMode = builder.failureMode;
        upload = builder.upload;
        download = builder.download;
        listener = builder.listener;
        if (concurrency < 1) {
            throw new IllegalArgumentException("concurrency must be 1 or more; got " + concurrency);
        }
        includes.forEach(Selection::relative);
        excludes.forEach(Selection::relative);
    }

    /** Returns a builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that starts with these options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns the patterns of which a file must match one; empty if it need not. */
    public List<String> includes() {
        return includes;
    }

    /** Returns the patterns of files and directories that are left out. */
    public List<String> excludes() {
        return excludes;
    }

    /** Returns the condition on files. */
    public Predicate<DirectoryEntry> filter() {
        return filter;
    }

    /** Returns whether an upload follows symbolic links. */
    public boolean followLinks() {
        return followLinks;
    }

    /** Returns the maximum number of files in flight. */
    public int concurrency() {
        return concurrency;
    }

    /** Returns which files are not transferred because the target has them. */
    public Comparison comparison() {
        return comparison;
    }

    /** Returns whether files that the source does not have are deleted from the target. */
    public boolean delete() {
        return delete;
    }

    /** Returns whether nothing is transferred or deleted. */
    public boolean dryRun() {
        return dryRun;
    }

    /** Returns what happens to the other files when one fails. */
    public FailureMode failureMode() {
        return failureMode;
    }

    /** Returns the options of each uploaded file. */
    public UploadOptions upload() {
        return upload;
    }

    /** Returns the options of each downloaded file. */
    public DownloadOptions download() {
        return download;
    }

    /** Returns the listener. */
    public DirectoryListener listener() {
        return listener;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof DirectoryOptions that
                && includes.equals(that.includes)
                && excludes.equals(that.excludes)
                && filter.equals(that.filter)
                && followLinks == that.followLinks
                && concurrency == that.concurrency
                && comparison == that.comparison
                && delete == that.delete
                && dryRun == that.dryRun
                && failureMode == that.failureMode
                && upload.equals(that.upload)
                && download.equals(that.download)
                && listener.equals(that.listener);
    }

    @Override
    public int hashCode() {
        return Objects.hash(
                includes,
                excludes,
                filter,
                followLinks,
                concurrency,
                comparison,
                delete,
                dryRun,
                failureMode,
                upload,
                download,
                listener);
    }

    @Override
    public String toString() {
        return "DirectoryOptions[includes=" + includes + ", excludes=" + excludes + ", filter=" + filter
                + ", followLinks=" + followLinks + ", concurrency=" + concurrency + ", comparison=" + comparison
                + ", delete=" + delete + ", dryRun=" + dryRun + ", failureMode=" + failureMode + ", upload=" + upload
                + ", download=" + download + ", listener=" + listener + "]";
    }

    /** Builds {@link DirectoryOptions}. Not thread-safe. */
    public static final class Builder {
        private final List<String> includes = new ArrayList<>();
        private final List<String> excludes = new ArrayList<>();
        private Predicate<DirectoryEntry> filter = DirectoryOptions::isFile;
        private boolean followLinks;
        private int concurrency = 32;
        private Comparison comparison = Comparison.NONE;
        private boolean delete;
        private boolean dryRun;
        private FailureMode failureMode = FailureMode.STOP;
        private UploadOptions upload = UploadOptions.DEFAULT;
        private DownloadOptions download = DownloadOptions.DEFAULT;
        private DirectoryListener listener = DirectoryListener.NONE;

        private Builder() {}

        private Builder(DirectoryOptions options) {
            includes.addAll(options.includes);
            excludes.addAll(options.excludes);
            filter = options.filter;
            followLinks = options.followLinks;
            concurrency = options.concurrency;
            comparison = options.comparison;
            delete = options.delete;
            dryRun = options.dryRun;
            failureMode = options.failureMode;
            upload = options.upload;
            download = options.download;
            listener = options.listener;
        }

        /**
         * Adds patterns of which a file must match one: {@code *.csv} matches names at any depth, {@code /*.csv} and
         * <code>logs/**</code> relative paths. Without patterns, all files match. See {@link Glob}.
         */
        public Builder include(String... patterns) {
            includes.addAll(List.of(Objects.requireNonNull(patterns, "patterns")));
            return this;
        }

        /**
         * Adds patterns of files that are left out, as for {@link #include}; a directory that matches is left out with
         * everything in it. What is left out of the source is not deleted from the target either.
         */
        public Builder exclude(String... patterns) {
            excludes.addAll(List.of(Objects.requireNonNull(patterns, "patterns")));
            return this;
        }

        /** Sets a condition on files, in addition to the patterns. Called by the transfer's threads, one at a time. */
        public Builder filter(Predicate<DirectoryEntry> condition) {
            filter = Objects.requireNonNull(condition, "condition");
            return this;
        }

        /**
         * Sets whether an upload follows symbolic links to files and directories; otherwise it skips them. A download
         * never follows links: it fails for a blob whose path leads through one.
         */
        public Builder followLinks(boolean follow) {
            followLinks = follow;
            return this;
        }

        /**
         * Sets the maximum number of files in flight, 1 or more; {@link UploadOptions#concurrency()} and
         * {@link DownloadOptions#concurrency()} limit the parts of each. The executor of the manager may limit it
         * further: its own pool has 16 threads before JDK 21.
         */
        public Builder concurrency(int files) {
            concurrency = files;
            return this;
        }

        /** Sets which files are not transferred because the target has them. */
        public Builder comparison(Comparison mode) {
            comparison = Objects.requireNonNull(mode, "mode");
            return this;
        }

        /**
         * Sets whether files that the source does not have are deleted from the target, after everything else has
         * succeeded. Nothing is deleted if a file failed, the source or the target could not be read completely, or the
         * source has no file at all: an unmounted disk or a mistyped prefix look like that.
         */
        public Builder delete(boolean extraneous) {
            delete = extraneous;
            return this;
        }

        /** Sets whether to report what would be done to the listener and in the result, and to do nothing. */
        public Builder dryRun(boolean dry) {
            dryRun = dry;
            return this;
        }

        /** Sets what happens to the other files when one fails. */
        public Builder failureMode(FailureMode mode) {
            failureMode = Objects.requireNonNull(mode, "mode");
            return this;
        }

        /**
         * Sets the options of each uploaded file; they also hold for copies to another store, and their precondition
         * for copies inside a store.
         */
        public Builder upload(UploadOptions options) {
            upload = Objects.requireNonNull(options, "options");
            return this;
        }

        /** Sets the options of each downloaded file. */
        public Builder download(DownloadOptions options) {
            download = Objects.requireNonNull(options, "options");
            return this;
        }

        /** Sets the listener that receives the progress and the outcome of each file. */
        public Builder listener(DirectoryListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits, or a pattern is malformed
         */
        public DirectoryOptions build() {
            return new DirectoryOptions(this);
        }
    }
}
