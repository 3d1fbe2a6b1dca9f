package io.blobstore.gcs;

import io.blobstore.contract.Campaign;

/** The contract over TLS, as in every installation. */
@Campaign(representedBy = GcsContractTest.class)
class GcsTlsContractTest extends GcsFakeContractBase {
    @Override
    FakeServer newServer() {
        return FakeServer.secure();
    }
}
