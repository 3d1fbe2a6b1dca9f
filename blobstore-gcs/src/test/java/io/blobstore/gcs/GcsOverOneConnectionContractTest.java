package io.blobstore.gcs;

/** The store keeps the contract over one connection: no request waits for one that another of its kind holds. */
class GcsOverOneConnectionContractTest extends GcsContractTest {
    @Override
    GcsBlobStore.Builder builder() {
        return super.builder().maxConnections(1);
    }
}
