package io.blobstore.cas;

/** How a {@link ContentCache} stores content that is put. It reads all of them, whatever its mode. */
public enum StorageMode {
    /** As zstd frames, in the format casblob of bazel-remote. */
    ZSTD,
    /** As a plain file. */
    UNCOMPRESSED,
    /** As zstd frames if that saves at least 1/16; otherwise as a casblob that holds the content as it is. */
    HYBRID
}
