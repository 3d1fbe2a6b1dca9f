/** Compressed blobs with random access. */
@SuppressWarnings("module") // the module it is exported to is not here when it is compiled
module io.blobstore.zstd {
    requires transitive io.blobstore;
    requires com.github.luben.zstd_jni;
    requires static org.jspecify;

    exports io.blobstore.zstd;
    exports io.blobstore.zstd.internal to
            io.blobstore.cache,
            io.blobstore.server;
}
