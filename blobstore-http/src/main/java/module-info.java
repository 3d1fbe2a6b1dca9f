/**
 * The data plane that the stores over HTTP share, and what S3 and Cloud Storage have in common. Internal: exported to
 * them, and to the cache server for HTTP caches behind it.
 */
@SuppressWarnings("module") // the modules it is exported to are compiled later
module io.blobstore.http {
    requires transitive io.blobstore;
    requires java.xml;
    requires static org.jspecify;
    requires org.slf4j;
    requires static io.netty.buffer;
    requires static io.netty.common;
    requires static io.netty.handler;
    requires static org.conscrypt;

    exports io.blobstore.http to
            io.blobstore.s3,
            io.blobstore.gcs,
            io.blobstore.server;
    exports io.blobstore.http.objects to
            io.blobstore.s3,
            io.blobstore.gcs,
            io.blobstore.server;
}
