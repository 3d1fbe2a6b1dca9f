/** Zero-copy transfer of large blobs between memory-mapped files and object storage. */
@SuppressWarnings("module") // the modules it is exported to are not here when it is compiled
module io.blobstore {
    requires static org.jspecify;
    requires org.slf4j;
    requires jdk.unsupported; // Unsafe.invokeCleaner, by reflection, on JDK 17 to 24 only

    exports io.blobstore;
    exports io.blobstore.directory;
    exports io.blobstore.memory;
    exports io.blobstore.spi;
    exports io.blobstore.transfer;
    exports io.blobstore.internal.buffer to
            io.blobstore.cache,
            io.blobstore.http,
            io.blobstore.server,
            io.blobstore.split,
            io.blobstore.zstd;
    exports io.blobstore.internal.concurrent to
            io.blobstore.cache,
            io.blobstore.fs,
            io.blobstore.http,
            io.blobstore.server,
            io.blobstore.split;
    exports io.blobstore.internal.file to
            io.blobstore.cache,
            io.blobstore.fs,
            io.blobstore.split;

    uses io.blobstore.spi.BlobStoreProvider;

    provides io.blobstore.spi.BlobStoreProvider with
            io.blobstore.internal.mem.MemoryBlobStoreProvider;
}
