/** The blob store in a local directory. */
module io.blobstore.fs {
    requires transitive io.blobstore;
    requires static org.jspecify;
    requires org.slf4j;

    exports io.blobstore.fs;

    provides io.blobstore.spi.BlobStoreProvider with
            io.blobstore.fs.FsBlobStoreProvider;
}
