package io.blobstore.s3;

import io.blobstore.BlobKey;
import java.util.Map;
import java.util.Optional;

/**
 * What holds for all requests of a store.
 *
 * @param prefix in front of every key; may be empty
 * @param storageClass of what is stored; empty for the bucket's default
 * @param encryption of what is stored; empty for the bucket's default
 * @param tags of what is stored
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
        if (!prefix.isEmpty()) {
            BlobKey.of(prefix); // well-formed, and not longer than a key
        }
        if (tags.size() > MAX_TAGS) {
            throw new IllegalArgumentException("a blob has at most " + MAX_TAGS + " tags; got " + tags.size());
        }
        storageClass.ifPresent(name -> {
            if (name.isEmpty() || !name.chars().allMatch(c -> (c >= 'A' && c <= 'Z') || c == '_')) {
                throw new IllegalArgumentException("a storage class is written like STANDARD_IA; got '" + name + "'");
            }
        });
        tags = Map.copyOf(tags);
    }

    boolean keepsChecksums() {
        return checksums == S3Checksums.CRC32C;
    }
}
