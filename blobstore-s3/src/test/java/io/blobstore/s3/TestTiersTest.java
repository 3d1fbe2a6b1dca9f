package io.blobstore.s3;

import io.blobstore.contract.TestTiersContract;

/** The tiers of this module's tests. */
class TestTiersTest extends TestTiersContract {}
