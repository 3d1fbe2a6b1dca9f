/** A content-addressed disk cache, and a cache of blobs in front of any store. */
module io.blobstore.cache {
    requires transitive io.blobstore;
    requires io.blobstore.zstd;
    requires org.slf4j;
    requires static org.jspecify;

    exports io.blobstore.cache;
    exports io.blobstore.cas;

    provides io.blobstore.spi.BlobStoreProvider with
            io.blobstore.cache.CacheBlobStoreProvider;
}
