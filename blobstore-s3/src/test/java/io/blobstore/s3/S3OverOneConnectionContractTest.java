package io.blobstore.s3;

import org.junit.jupiter.api.Tag;

/** The S3 store keeps the contract over one connection: no request waits for one that another of its kind holds. */
@Tag("one-jdk")
class S3OverOneConnectionContractTest extends S3ProxyContractTest {
    @Override
    S3BlobStore.Builder builder() {
        return super.builder().maxConnections(1);
    }
}
