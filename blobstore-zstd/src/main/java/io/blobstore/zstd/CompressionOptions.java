package io.blobstore.zstd;

import io.blobstore.transfer.UploadOptions;
import io.blobstore.zstd.internal.FrameEncoder;
import io.blobstore.zstd.internal.FrameTable;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Options of {@link CompressedBlobs#upload}. Immutable.
 *
 * <pre>{@code
 * CompressionOptions options = CompressionOptions.builder()
 *         .level(3)
 *         .frameSize(256 << 10) // cheaper small reads, a little less compression
 *         .upload(UploadOptions.builder().concurrency(16).build())
 *         .build();
 * }</pre>
 */
public final class CompressionOptions {
    /** Level 1, frames of 1 MiB with checksums, in the seekable format, compressed by as many threads as processors. */
    public static final CompressionOptions DEFAULT = new Builder().build();

    private final int level;
    private final int frameSize;
    private final FrameFormat format;
    private final boolean frameChecksums;
    private final boolean sampled;
    private final int threads;
    private final UploadOptions upload;

    private CompressionOptions(Builder builder) {
        level = builder.level;
        frameSize = builder.frameSize;
        format = builder.format;
        frameChecksums = builder.frameChecksums;
        sampled = builder.sampled;
        threads = builder.threads;
        upload = builder.upload;
        if (level == FrameEncoder.STORED) {
            throw new IllegalArgumentException("zstd has no compression level " + level);
        }
        FrameEncoder.requireLevel(level);
        if (frameSize < FrameTable.MIN_FRAME || frameSize > FrameTable.MAX_FRAME) {
            throw new IllegalArgumentException("a frame has " + FrameTable.MIN_FRAME + " to " + FrameTable.MAX_FRAME
                    + " bytes of content; got " + frameSize);
        }
        if (threads < 1) {
            throw new IllegalArgumentException("the number of threads must be 1 or more; got " + threads);
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

    /** Returns the compression level of zstd. */
    public int level() {
        return level;
    }

    /** Returns the content of each frame but the last, in bytes. */
    public int frameSize() {
        return frameSize;
    }

    /** Returns the format of the blob. */
    public FrameFormat format() {
        return format;
    }

    /** Returns whether each frame has a checksum. */
    public boolean frameChecksums() {
        return frameChecksums;
    }

    /** Returns whether content is stored without compression if samples show that it saves too little. */
    public boolean sampled() {
        return sampled;
    }

    /** Returns the number of threads that compress. */
    public int threads() {
        return threads;
    }

    /** Returns the options of the upload. */
    public UploadOptions upload() {
        return upload;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CompressionOptions that
                && level == that.level
                && frameSize == that.frameSize
                && format == that.format
                && frameChecksums == that.frameChecksums
                && sampled == that.sampled
                && threads == that.threads
                && upload.equals(that.upload);
    }

    @Override
    public int hashCode() {
        return Objects.hash(level, frameSize, format, frameChecksums, sampled, threads, upload);
    }

    @Override
    public String toString() {
        return "CompressionOptions[level=" + level + ", frameSize=" + frameSize + ", format=" + format
                + ", frameChecksums=" + frameChecksums + ", sampled=" + sampled + ", threads=" + threads + ", upload="
                + upload + "]";
    }

    /** Builds {@link CompressionOptions}. Not thread-safe. */
    public static final class Builder {
        private int level = 1;
        private int frameSize = 1 << 20;
        private FrameFormat format = FrameFormat.SEEKABLE;
        private boolean frameChecksums = true;
        private boolean sampled;
        private int threads = Runtime.getRuntime().availableProcessors();
        private UploadOptions upload = UploadOptions.DEFAULT;

        private Builder() {}

        private Builder(CompressionOptions options) {
            level = options.level;
            frameSize = options.frameSize;
            format = options.format;
            frameChecksums = options.frameChecksums;
            sampled = options.sampled;
            threads = options.threads;
            upload = options.upload;
        }

        /**
         * Sets the compression level of zstd, -131072 to 22; default 1. Higher ones are slower: some 450 MiB/s at level
         * 1 and 200 MiB/s at level 3, for each thread. Reading does not depend on the level.
         */
        public Builder level(int level) {
            this.level = level;
            return this;
        }

        /**
         * Sets the content of each frame but the last, 64 KiB to 64 MiB; default 1 MiB. A read decodes whole frames:
         * small frames suit small reads, large ones compress better. Memory is least wasted with a power of two.
         */
        public Builder frameSize(int bytes) {
            frameSize = bytes;
            return this;
        }

        /**
         * Sets the format; default {@link FrameFormat#SEEKABLE}. Empty content has no {@link FrameFormat#CASBLOB}, and
         * is stored as {@link FrameFormat#SEEKABLE}.
         */
        public Builder format(FrameFormat format) {
            this.format = Objects.requireNonNull(format, "format");
            return this;
        }

        /**
         * Sets whether each frame has a checksum; default true. Without them a read of a range is verified only by the
         * structure of its frames; a read of the whole blob always by the checksum of the content.
         */
        public Builder frameChecksums(boolean wanted) {
            frameChecksums = wanted;
            return this;
        }

        /**
         * Sets whether content is stored without compression, as frames that can be read in the same way, if samples
         * show that compression would save less than 1/16; default false. Saves time at high levels only: at level 1,
         * content that cannot be compressed is recognized at 4 GiB/s.
         */
        public Builder sampled(boolean wanted) {
            sampled = wanted;
            return this;
        }

        /** Sets the number of threads that compress, besides the one that hashes; default: one for each processor. */
        public Builder threads(int threads) {
            this.threads = threads;
            return this;
        }

        /**
         * Sets the options of the upload: parts, retries, listener, metadata. Progress is the number of bytes of
         * content that are stored.
         */
        public Builder upload(UploadOptions options) {
            upload = Objects.requireNonNull(options, "options");
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public CompressionOptions build() {
            return new CompressionOptions(this);
        }
    }
}
