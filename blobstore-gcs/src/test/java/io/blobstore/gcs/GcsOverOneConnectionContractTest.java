package io.blobstore.gcs;

import org.junit.jupiter.api.Tag;

/** The store keeps the contract over one connection: no request waits for one that another of its kind holds. */
@Tag("one-jdk")
class GcsOverOneConnectionContractTest extends GcsContractTest {
    @Override
    GcsBlobStore.Builder builder() {
        return super.builder().maxConnections(1);
    }
}
