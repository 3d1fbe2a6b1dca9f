package io.blobstore.cli;

import java.util.Optional;

/** With the bucket that {@code BLOBSTORE_TEST_GCS_URI} names. */
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
