/** Split streams: content cut into inline bytes and content-addressed objects, in the format of composefs-rs. */
module io.blobstore.split {
    requires transitive io.blobstore;
    requires com.github.luben.zstd_jni;
    requires org.slf4j;
    requires static org.jspecify;

    exports io.blobstore.split;
    exports io.blobstore.split.oci;
    exports io.blobstore.split.repository;
}
