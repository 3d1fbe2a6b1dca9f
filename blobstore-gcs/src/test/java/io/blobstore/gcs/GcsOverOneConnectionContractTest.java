package io.blobstore.gcs;

import io.blobstore.contract.Campaign;

/** The contract over one connection: no request waits for a connection while it holds another. */
@Campaign(representedBy = GcsContractTest.class)
class GcsOverOneConnectionContractTest extends GcsContractTest {
    @Override
    GcsBlobStore.Builder builder() {
        return super.builder().maxConnections(1);
    }
}
