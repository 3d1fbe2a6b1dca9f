package io.blobstore.gcs;

/** The contract over TLS, as it is in every installation. */
class GcsTlsContractTest extends GcsFakeContractBase {
    @Override
    FakeServer newServer() {
        return FakeServer.secure();
    }
}
