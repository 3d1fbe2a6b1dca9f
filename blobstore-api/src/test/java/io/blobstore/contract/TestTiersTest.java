package io.blobstore.contract;

/** Checks the tiers of this module's tests. */
class TestTiersTest extends TestTiersContract {}
