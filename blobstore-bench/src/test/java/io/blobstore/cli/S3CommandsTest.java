package io.blobstore.cli;

import java.util.Optional;

/** Uses the bucket in {@code BLOBSTORE_TEST_S3_URI}. */
class S3CommandsTest extends BucketCommands {
    @Override
    String bucket() {
        return Optional.ofNullable(System.getenv("BLOBSTORE_TEST_S3_URI")).orElse("");
    }
}
