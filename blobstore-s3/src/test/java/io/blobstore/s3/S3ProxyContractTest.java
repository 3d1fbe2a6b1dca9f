package io.blobstore.s3;

import org.junit.jupiter.api.BeforeAll;

/** The contract of the S3 store, against S3Proxy. */
class S3ProxyContractTest extends S3ProxyContractBase {
    private static S3ProxyServer server;
    private static TestBucket bucket;

    @BeforeAll
    static void createBucket(S3ProxyServer shared) {
        server = shared;
        bucket = server.newBucket();
    }

    @Override
    S3BlobStore.Builder builder() {
        return server.store(bucket.name());
    }

    @Override
    TestBucket bucket() {
        return bucket;
    }
}
