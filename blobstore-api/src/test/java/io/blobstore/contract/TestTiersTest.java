package io.blobstore.contract;

/** The tiers of this module's tests. */
class TestTiersTest extends TestTiersContract {}
