package io.blobstore.zstd.internal;

import io.blobstore.BlobSource;
import io.blobstore.RetainedSource;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/** A source that counts the threads which touch its content, and runs a script before each visit. */
public final class WatchedSource implements BlobSource {
    /** Runs before a visit. */
    @FunctionalInterface
    public interface Script {
        /**
         * Runs on the visiting thread.
         *
         * @param visit the number of visits before this one, of this source and all its slices
         */
        void beforeVisit(int visit) throws IOException;
    }

    private final BlobSource content;
    private final Script script;
    private final Counts counts;

    /** Counts shared by a source and its slices. */
    private static final class Counts {
        final AtomicInteger visits = new AtomicInteger();
        final AtomicInteger active = new AtomicInteger();
        final AtomicInteger retained = new AtomicInteger();
    }

    /** Creates a source of some content. */
    public WatchedSource(BlobSource content, Script script) {
        this(content, script, new Counts());
    }

    private WatchedSource(BlobSource content, Script script, Counts counts) {
        this.content = content;
        this.script = script;
        this.counts = counts;
    }

    /** Returns the number of threads that are inside a visit of this source or one of its slices. */
    public int active() {
        return counts.active.get();
    }

    /** Returns how often this source is retained at the moment. */
    public int retained() {
        return counts.retained.get();
    }

    @Override
    public long size() {
        return content.size();
    }

    @Override
    public BlobSource slice(long offset, long length) {
        return new WatchedSource(content.slice(offset, length), script, counts);
    }

    @Override
    public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
        counts.active.incrementAndGet();
        try {
            script.beforeVisit(counts.visits.getAndIncrement());
            content.forEachBuffer(maxBufferSize, visitor);
        } finally {
            counts.active.decrementAndGet();
        }
    }

    @Override
    public void checkUnchanged() throws IOException {
        content.checkUnchanged();
    }

    @Override
    public RetainedSource retain() {
        RetainedSource kept = content.retain();
        counts.retained.incrementAndGet();
        return RetainedSource.of(this, () -> {
            counts.retained.decrementAndGet();
            kept.close();
        });
    }
}
