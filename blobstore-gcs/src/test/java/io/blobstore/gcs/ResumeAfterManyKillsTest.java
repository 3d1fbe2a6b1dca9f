package io.blobstore.gcs;

import io.blobstore.contract.Campaign;

/** Kills a hundred processes in each direction. */
@Campaign(representedBy = ResumeAfterKillTest.class)
class ResumeAfterManyKillsTest extends ResumeAfterKillTest {
    @Override
    int kills() {
        return 100;
    }
}
