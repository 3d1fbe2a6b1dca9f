/** The blob store in an Amazon S3 bucket, or in one of a server that speaks S3. */
@SuppressWarnings({"module", "requires-transitive-automatic"
}) // its name ends in a digit; the SDK has automatic modules
module io.blobstore.s3 {
    requires transitive io.blobstore;
    requires io.blobstore.http;
    requires java.xml;
    requires static org.jspecify;
    requires org.slf4j;
    requires transitive software.amazon.awssdk.auth;
    requires software.amazon.awssdk.awscore;
    requires software.amazon.awssdk.core;
    requires software.amazon.awssdk.http;
    requires software.amazon.awssdk.http.auth.aws;
    requires software.amazon.awssdk.http.auth.spi;
    requires software.amazon.awssdk.identity.spi;
    requires software.amazon.awssdk.regions;
    requires software.amazon.awssdk.retries;
    requires software.amazon.awssdk.retries.api;
    requires transitive software.amazon.awssdk.services.s3;
    requires software.amazon.awssdk.utils;

    exports io.blobstore.s3;

    provides io.blobstore.spi.BlobStoreProvider with
            io.blobstore.s3.S3BlobStoreProvider;
}
