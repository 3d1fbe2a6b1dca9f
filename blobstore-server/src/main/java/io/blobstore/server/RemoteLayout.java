package io.blobstore.server;

/** Under which keys bazel-remote keeps entries in a bucket. */
public enum RemoteLayout {
    /** {@code cas.v2/0a/0a1b…}, as its proxies for Amazon S3 and Azure do. */
    SHARDED,
    /** {@code cas.v2/0a1b…}, as its proxy for Google Cloud Storage does. */
    FLAT
}
