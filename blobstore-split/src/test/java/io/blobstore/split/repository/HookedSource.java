package io.blobstore.split.repository;

import io.blobstore.BlobSource;
import io.blobstore.RetainedSource;
import java.io.IOException;

/**
 * Content whose split does something when all of its objects are stored or found, before its stream is stored.
 *
 * @param hook runs in the split's thread
 */
record HookedSource(BlobSource content, Hook hook) implements BlobSource {
    /** What a split does. */
    @FunctionalInterface
    interface Hook {
        void run() throws IOException;
    }

    @Override
    public long size() {
        return content.size();
    }

    @Override
    public BlobSource slice(long offset, long length) {
        return content.slice(offset, length);
    }

    @Override
    public RetainedSource retain() {
        return RetainedSource.of(this, () -> {});
    }

    @Override
    public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
        content.forEachBuffer(maxBufferSize, visitor);
    }

    @Override
    public void checkUnchanged() throws IOException {
        hook.run();
    }
}
