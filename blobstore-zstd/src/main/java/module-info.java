/** Compressed blobs with random access. */
module io.blobstore.zstd {
    requires transitive io.blobstore;
    requires com.github.luben.zstd_jni;
    requires static org.jspecify;

    exports io.blobstore.zstd;
}
