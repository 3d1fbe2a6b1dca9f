package io.blobstore.s3;

import io.blobstore.contract.Campaign;

/** The contract over one connection: no request waits for a connection while it holds another. */
@Campaign(representedBy = S3ProxyContractTest.class)
class S3OverOneConnectionContractTest extends S3ProxyContractTest {
    @Override
    S3BlobStore.Builder builder() {
        return super.builder().maxConnections(1);
    }
}
