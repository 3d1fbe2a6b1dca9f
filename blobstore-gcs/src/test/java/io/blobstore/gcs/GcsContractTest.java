package io.blobstore.gcs;

/** The contract of the store, against the fake. */
class GcsContractTest extends GcsFakeContractBase {
    @Override
    FakeServer newServer() {
        return FakeServer.plain();
    }
}
