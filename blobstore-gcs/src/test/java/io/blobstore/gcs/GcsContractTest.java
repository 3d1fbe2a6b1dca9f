package io.blobstore.gcs;

/** The store keeps the contract. */
class GcsContractTest extends GcsFakeContractBase {
    @Override
    FakeServer newServer() {
        return FakeServer.plain();
    }
}
