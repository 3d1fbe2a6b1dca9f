package io.blobstore.cache.pieces;

import io.blobstore.BlobTarget;
import java.nio.ByteBuffer;

/** The target of transfers whose content is wanted in the cache only. */
final class Nowhere implements BlobTarget {
    private final long room;

    Nowhere(long room) {
        this.room = room;
    }

    @Override
    public long room() {
        return room;
    }

    @Override
    public Writer open() {
        return new Writer() {
            @Override
            public BlobTarget.Window window(long offset, long length) {
                return new Window(length);
            }

            @Override
            public void commit(long length) {
                // the content is in the cache
            }

            @Override
            public void close() {
                // nothing to release
            }
        };
    }

    /** A window through which no bytes pass: {@link PrefetchStore} reports them as put. Not thread-safe. */
    static final class Window implements BlobTarget.Window {
        private long remaining;

        private Window(long length) {
            remaining = length;
        }

        void skip(long bytes) {
            remaining -= bytes;
        }

        @Override
        public long remaining() {
            return remaining;
        }

        @Override
        public ByteBuffer buffer() {
            throw new UnsupportedOperationException("no content passes through this window");
        }
    }
}
