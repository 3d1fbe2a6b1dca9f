package io.blobstore.gcs;

import io.blobstore.contract.Campaign;

/** The store keeps the contract over one connection: no request waits for one that another of its kind holds. */
@Campaign(representedBy = GcsContractTest.class)
class GcsOverOneConnectionContractTest extends GcsContractTest {
    @Override
    GcsBlobStore.Builder builder() {
        return super.builder().maxConnections(1);
    }
}
