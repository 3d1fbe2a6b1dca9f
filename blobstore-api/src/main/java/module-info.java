/** Zero-copy transfer of large blobs between memory-mapped files and object storage. */
module io.blobstore {
    requires static org.jspecify;
    requires org.slf4j;
    requires jdk.unsupported; // Unsafe.invokeCleaner, by reflection, on JDK 17 to 24 only

    exports io.blobstore;
    exports io.blobstore.memory;
    exports io.blobstore.spi;
    exports io.blobstore.transfer;

    uses io.blobstore.BlobStoreProvider;

    provides io.blobstore.BlobStoreProvider with
            io.blobstore.internal.mem.MemoryBlobStoreProvider;
}
