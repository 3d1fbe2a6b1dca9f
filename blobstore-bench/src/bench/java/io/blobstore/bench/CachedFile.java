package io.blobstore.bench;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;

/** Puts a mapped file into a cache, or reads its content from there into mapped memory. */
final class CachedFile implements Workload.Run {
    private static final long POLL_NANOS = 1_000_000;

    private final ContentCache cache;
    private final MappedFile source;
    private final MappedFile target;
    private final Digest digest;
    private final boolean reads;

    private CachedFile(Workload.Spec spec, boolean reads) throws IOException {
        this.reads = reads;
        cache = ContentCache.open(spec.directory().resolve("cache"), CacheOptions.ofMaxBytes(4 * spec.size()));
        source = MappedFile.open(spec.source());
        target = MappedFile.create(spec.directory().resolve("target"), reads ? spec.size() : 1);
        digest = Digest.of(source.region());
        if (reads) {
            cache.put(digest, source.region());
        }
    }

    static Workload.Run put(Workload.Spec spec) throws IOException {
        return new CachedFile(spec, false);
    }

    static Workload.Run get(Workload.Spec spec) throws IOException {
        return new CachedFile(spec, true);
    }

    @Override
    public void prepare() throws IOException {
        if (!reads) {
            cache.remove(digest);
            while (cache.stats().doomedBytes() > 0) { // deleting it is not part of putting it again
                LockSupport.parkNanos(POLL_NANOS);
            }
        }
    }

    @Override
    public void round() throws IOException {
        if (!reads) {
            cache.put(digest, source.region());
            return;
        }
        try (Lease memory = target.region().acquireWritable()) {
            OptionalLong bytes = cache.get(digest, ByteRange.all(), BlobTarget.Window.of(memory.buffers()));
            if (bytes.isEmpty() || bytes.getAsLong() != digest.size()) {
                throw new BenchmarkException("the content is not in the cache");
            }
        }
    }

    @Override
    public void close() throws IOException {
        cache.close();
        source.close();
        target.close();
    }
}
