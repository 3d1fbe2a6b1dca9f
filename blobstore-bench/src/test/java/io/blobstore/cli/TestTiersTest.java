package io.blobstore.cli;

import io.blobstore.contract.TestTiersContract;

/** The tiers of this module's tests. */
class TestTiersTest extends TestTiersContract {}
