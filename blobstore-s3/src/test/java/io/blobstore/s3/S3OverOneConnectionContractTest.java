package io.blobstore.s3;

import io.blobstore.contract.Campaign;

/** The S3 store keeps the contract over one connection: no request waits for one that another of its kind holds. */
@Campaign(representedBy = S3ProxyContractTest.class)
class S3OverOneConnectionContractTest extends S3ProxyContractTest {
    @Override
    S3BlobStore.Builder builder() {
        return super.builder().maxConnections(1);
    }
}
