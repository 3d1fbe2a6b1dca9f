package io.blobstore.spring;

import io.blobstore.contract.TestTiersContract;

/** Checks the tiers of this module's tests. */
class TestTiersTest extends TestTiersContract {}
