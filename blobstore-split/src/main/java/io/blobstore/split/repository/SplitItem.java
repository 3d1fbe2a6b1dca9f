package io.blobstore.split.repository;

import io.blobstore.RetainedSource;
import io.blobstore.split.ObjectId;
import org.jspecify.annotations.Nullable;

/** A cut of a source, in the order of its offsets. */
sealed interface SplitItem permits SplitItem.InlineRun, SplitItem.ExternalPart {
    /** Returns the number of bytes. */
    long length();

    /** Bytes that the stream holds itself, up to the next part. Used by the parser's thread. */
    final class InlineRun implements SplitItem {
        final long offset;
        private long length;
        private @Nullable RetainedSource content;

        InlineRun(long offset) {
            this.offset = offset;
        }

        void add(long bytes) {
            length += bytes;
        }

        /** Ends the run, as a part follows: the content can be read until it is closed. */
        void end(RetainedSource content) {
            this.content = content;
        }

        /** Returns the content if the run has ended. */
        @Nullable RetainedSource content() {
            return content;
        }

        @Override
        public long length() {
            return length;
        }
    }

    /** Bytes that are an object, whose id a worker computes. */
    final class ExternalPart implements SplitItem {
        final long offset;
        private final long length;
        private final @Nullable String entry;
        /** Written once, under the queue's lock. */
        private volatile @Nullable ObjectId id;

        ExternalPart(long offset, long length, @Nullable String entry) {
            this.offset = offset;
            this.length = length;
            this.entry = entry;
        }

        @Override
        public long length() {
            return length;
        }

        @Nullable ObjectId id() {
            return id;
        }

        void setId(ObjectId id) {
            this.id = id;
        }

        @Override
        public String toString() {
            return (entry == null ? "the block" : "'" + entry + "'") + " at offset " + offset + " (" + length + " bytes"
                    + (id == null ? "" : ", object " + id) + ")";
        }
    }
}
