package io.blobstore.bench;

import java.io.IOException;
import java.nio.file.Path;

/** What the benchmark of the cache measures: this library, and the least that others would do for the same. */
enum CacheWorkload {
    /** Puts content of one mapped file into a cache. */
    PUT("ContentCache.put") {
        @Override
        Run open(CacheSpec spec) throws IOException {
            return CachedFile.put(spec);
        }
    },
    /** Reads content from a cache into mapped memory. */
    GET("ContentCache.get") {
        @Override
        Run open(CacheSpec spec) throws IOException {
            return CachedFile.get(spec);
        }
    },
    /** Compresses and hashes the same content on one thread, without storing it. */
    COMPRESS_AND_HASH("zstd-jni level 1 and SHA-256, one thread") {
        @Override
        Run open(CacheSpec spec) throws IOException {
            return FrameBaseline.compress(spec);
        }
    },
    /** Decodes the same frames on one thread, from memory into memory. */
    DECODE("zstd-jni decompression, one thread") {
        @Override
        Run open(CacheSpec spec) throws IOException {
            return FrameBaseline.decode(spec);
        }
    },
    /** Puts small contents by 32 threads. */
    PUT_SMALL("ContentCache.put, 32 threads") {
        @Override
        Run open(CacheSpec spec) throws IOException {
            return SmallContents.put(spec, false);
        }
    },
    /** Puts small contents by 32 threads, each forced to the device. */
    PUT_SMALL_DURABLE("ContentCache.put, 32 threads, durability file") {
        @Override
        Run open(CacheSpec spec) throws IOException {
            return SmallContents.put(spec, true);
        }
    },
    /** Reads small contents by 32 threads. */
    GET_SMALL("ContentCache.get, 32 threads") {
        @Override
        Run open(CacheSpec spec) throws IOException {
            return SmallContents.get(spec);
        }
    },
    /** Reads ranges of a large compressed blob of a store. */
    RANGES("CompressedBlobs, ranges of 64 KiB") {
        @Override
        Run open(CacheSpec spec) throws IOException {
            return CompressedRanges.open(spec);
        }
    },
    /** Opens a cache that has many entries. */
    OPEN("ContentCache.open, until every entry is listed") {
        @Override
        Run open(CacheSpec spec) throws IOException {
            return ManyEntries.open(spec);
        }
    },
    /** Compresses a mapped file, and uploads the frames as they are made. */
    UPLOAD("CompressedBlobs.upload") {
        @Override
        Run open(CacheSpec spec) throws IOException {
            return CompressedUploads.upload(spec);
        }
    },
    /** Compresses and hashes a mapped file in the same way, without uploading it. */
    COMPRESS("compressing and hashing alone") {
        @Override
        Run open(CacheSpec spec) throws IOException {
            return CompressedUploads.compress(spec);
        }
    };

    final String title;

    CacheWorkload(String title) {
        this.title = title;
    }

    /** Prepares the workload in this JVM. */
    abstract Run open(CacheSpec spec) throws IOException;

    /** A prepared workload. */
    interface Run extends AutoCloseable {
        /** Makes everything ready for a round; not measured. */
        default void prepare() throws Exception {}

        /** Does the work once. */
        void round() throws Exception;
    }

    /**
     * The content of a workload.
     *
     * @param directory where the workload keeps its files; its own
     * @param source a file with the content
     * @param size the size of one content in bytes, or the number of entries
     * @param endpoint the server, for workloads that need one; otherwise empty
     */
    record CacheSpec(Path directory, Path source, long size, String endpoint) {}
}
