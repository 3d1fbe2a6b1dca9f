package io.blobstore.bench;

/** What the benchmark of the cache measures: this library, and the least that others would do for the same. */
enum CacheWorkload implements Workload {
    /** Puts content of one mapped file into a cache. */
    PUT("ContentCache.put", CachedFile::put),
    /** Reads content from a cache into mapped memory. */
    GET("ContentCache.get", CachedFile::get),
    /** Compresses and hashes the same content on one thread, without storing it. */
    COMPRESS_AND_HASH("zstd-jni level 1 and SHA-256, one thread", FrameBaseline::compress),
    /** Decodes the same frames on one thread, from memory into memory. */
    DECODE("zstd-jni decompression, one thread", FrameBaseline::decode),
    /** Puts small contents by 32 threads. */
    PUT_SMALL("ContentCache.put, 32 threads", spec -> SmallContents.put(spec, false)),
    /** Puts small contents by 32 threads, each forced to the device. */
    PUT_SMALL_DURABLE("ContentCache.put, 32 threads, durability file", spec -> SmallContents.put(spec, true)),
    /** Reads small contents by 32 threads. */
    GET_SMALL("ContentCache.get, 32 threads", SmallContents::get),
    /** Reads ranges of a large compressed blob of a store. */
    RANGES("CompressedBlobs, ranges of 64 KiB", CompressedRanges::open),
    /** Opens a cache that has many entries. */
    OPEN("ContentCache.open, until every entry is listed", ManyEntries::open),
    /** Compresses a mapped file, and uploads the frames as they are made. */
    UPLOAD("CompressedBlobs.upload", CompressedUploads::upload),
    /** Compresses and hashes a mapped file in the same way, without uploading it. */
    COMPRESS("compressing and hashing alone", CompressedUploads::compress);

    private final Work work;

    CacheWorkload(String title, Opener opener) {
        work = new Work(title, opener);
    }

    @Override
    public Work work() {
        return work;
    }
}
