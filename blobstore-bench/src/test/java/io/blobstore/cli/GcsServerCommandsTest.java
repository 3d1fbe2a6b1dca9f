package io.blobstore.cli;

import java.util.Optional;

/** Uses the bucket in {@code BLOBSTORE_TEST_GCS_URI}. */
class GcsServerCommandsTest extends BucketCommands {
    @Override
    String bucket() {
        return Optional.ofNullable(System.getenv("BLOBSTORE_TEST_GCS_URI")).orElse("");
    }

    @Override
    boolean takesParts() {
        return !"fake-gcs-server".equals(System.getenv("BLOBSTORE_TEST_GCS_SERVER"));
    }
}
