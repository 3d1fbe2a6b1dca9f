package io.blobstore.fs;

import io.blobstore.contract.TestTiersContract;

/** The tiers of this module's tests. */
class TestTiersTest extends TestTiersContract {}
