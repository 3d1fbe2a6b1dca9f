package io.blobstore.bench;

import io.blobstore.BlobSource;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Opens a cache of many entries, each of a few bytes, until all of them are known. */
final class ManyEntries implements Workload.Run {
    private static final long POLL_NANOS = 1_000_000;

    private final Path directory;
    private final long count;
    private @Nullable ContentCache opened;

    private ManyEntries(Workload.Spec spec) throws IOException {
        directory = spec.directory().resolve("cache");
        count = spec.size();
        try (ContentCache cache = open()) {
            ByteBuffer content = ByteBuffer.allocateDirect(Long.BYTES);
            for (long i = 0; i < count; i++) {
                BlobSource source = BlobSource.of(content.putLong(0, i));
                cache.put(Digest.of(source), source);
            }
        }
    }

    static Workload.Run open(Workload.Spec spec) throws IOException {
        return new ManyEntries(spec);
    }

    private ContentCache open() throws IOException {
        return ContentCache.open(directory, CacheOptions.ofMaxBytes(1L << 40));
    }

    @Override
    public void prepare() throws IOException {
        close();
    }

    @Override
    public void round() throws IOException {
        ContentCache cache = open();
        opened = cache;
        while (cache.stats().loading()) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        if (cache.stats().entries() != count) {
            throw new BenchmarkException("the cache has " + cache.stats().entries() + " entries");
        }
    }

    @Override
    public void close() throws IOException {
        if (opened != null) {
            opened.close();
            opened = null;
        }
    }
}
