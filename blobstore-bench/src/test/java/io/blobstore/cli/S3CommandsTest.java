package io.blobstore.cli;

import java.util.Optional;

/** With the bucket that {@code BLOBSTORE_TEST_S3_URI} names. */
class S3CommandsTest extends BucketCommands {
    @Override
    String bucket() {
        return Optional.ofNullable(System.getenv("BLOBSTORE_TEST_S3_URI")).orElse("");
    }
}
