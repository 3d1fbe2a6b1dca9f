package io.blobstore.s3;

import java.util.Map;
import java.util.Optional;

/**
 * The settings of all requests of a store.
 *
 * @param prefix the beginning of all object names; may be empty
 * @param storageClass the storage class of new objects; empty for the bucket's default
 * @param encryption the encryption of new objects; empty for the bucket's default
 * @param tags the tags of new objects
 */
record S3Settings(
        String bucket,
        String prefix,
        S3Checksums checksums,
        PayloadSigning payloadSigning,
        Optional<String> storageClass,
        Optional<S3Encryption> encryption,
        Map<String, String> tags,
        boolean requesterPays,
        boolean expectContinue) {
    private static final int MAX_TAGS = 10;

    S3Settings {
        BucketNames.require(bucket);
        if (tags.size() > MAX_TAGS) {
            throw new IllegalArgumentException("a blob has at most " + MAX_TAGS + " tags; got " + tags.size());
        }
        tags = Map.copyOf(tags);
    }

    boolean keepsChecksums() {
        return checksums == S3Checksums.CRC32C;
    }
}
