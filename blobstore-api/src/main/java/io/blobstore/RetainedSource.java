package io.blobstore;

import java.io.Closeable;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A source whose memory stays alive until it is closed, even if the memory's owner closes it meanwhile. Its slices may
 * be read as long as it is open; after that, they behave like slices of the source that was retained.
 *
 * <p>Thread-safe. Any thread may close it.
 */
public final class RetainedSource implements BlobSource, Closeable {
    private final BlobSource source;
    private final Runnable release;
    private final AtomicBoolean closed = new AtomicBoolean();

    private RetainedSource(BlobSource source, Runnable release) {
        this.source = source;
        this.release = release;
    }

    /**
     * Creates a retained source, for implementations of {@link BlobSource#retain()}.
     *
     * @param source the content, readable until {@code release} runs
     * @param release releases the memory; run once, when the retained source is closed
     */
    public static RetainedSource of(BlobSource source, Runnable release) {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(release, "release");
        return new RetainedSource(source, release);
    }

    @Override
    public long size() {
        return source.size();
    }

    @Override
    public BlobSource slice(long offset, long length) {
        return source.slice(offset, length);
    }

    @Override
    public RetainedSource retain() {
        return source.retain();
    }

    @Override
    public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
        Objects.requireNonNull(visitor, "visitor");
        source.forEachBuffer(maxBufferSize, visitor);
    }

    @Override
    public void checkUnchanged() throws IOException {
        source.checkUnchanged();
    }

    @Override
    public Optional<String> identity() {
        return source.identity();
    }

    /** Releases the memory. Idempotent. Visits in progress, and other retained sources, are not affected. */
    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            release.run();
        }
    }

    @Override
    public String toString() {
        return "RetainedSource[" + source + "]";
    }
}
