package io.blobstore.bench;

import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.cas.Durability;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Puts or gets many small contents by several threads. */
final class SmallContents implements Workload.Run {
    /** The contents of a round. */
    static final int COUNT = 16_384;

    private static final int THREADS = 32;

    private final ContentCache cache;
    private final MappedFile source;
    private final List<BlobSource> contents = new ArrayList<>();
    private final List<Digest> digests = new ArrayList<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    private final boolean reads;

    private SmallContents(Workload.Spec spec, boolean reads, Durability durability) throws IOException {
        this.reads = reads;
        cache = ContentCache.open(
                spec.directory().resolve("cache"),
                CacheOptions.builder()
                        .maxBytes(4L * COUNT * Math.max(spec.size(), 4096))
                        .durability(durability)
                        .build());
        source = MappedFile.open(spec.source());
        for (long i = 0; i < COUNT; i++) {
            BlobSource content = source.region().slice(i * spec.size(), spec.size());
            contents.add(content);
            digests.add(Digest.of(content));
        }
        if (reads) {
            for (int i = 0; i < COUNT; i++) {
                cache.put(digests.get(i), contents.get(i));
            }
        }
    }

    static Workload.Run put(Workload.Spec spec, boolean durable) throws IOException {
        return new SmallContents(spec, false, durable ? Durability.FILE : Durability.NONE);
    }

    static Workload.Run get(Workload.Spec spec) throws IOException {
        return new SmallContents(spec, true, Durability.NONE);
    }

    @Override
    public void prepare() throws IOException {
        for (Digest digest : reads ? List.<Digest>of() : digests) {
            cache.remove(digest);
        }
    }

    @Override
    public void round() throws Exception {
        List<Future<?>> running = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            int first = thread;
            running.add(threads.submit(() -> {
                ByteBuffer target =
                        ByteBuffer.allocateDirect(Math.toIntExact(digests.get(0).size()));
                for (int i = first; i < COUNT; i += THREADS) {
                    if (!reads) {
                        cache.put(digests.get(i), contents.get(i));
                    } else if (cache.get(digests.get(i), ByteRange.all(), target.clear())
                            .isEmpty()) {
                        throw new BenchmarkException("a content is not in the cache");
                    }
                }
                return null;
            }));
        }
        for (Future<?> each : running) {
            each.get();
        }
    }

    @Override
    public void close() throws IOException {
        threads.shutdownNow();
        cache.close();
        source.close();
    }
}
