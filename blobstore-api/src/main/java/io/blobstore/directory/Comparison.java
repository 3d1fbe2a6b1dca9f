package io.blobstore.directory;

/** Which files a transfer takes for unchanged, and does not transfer. */
public enum Comparison {
    /** Transfers every file. */
    NONE,
    /** Files of the same size are unchanged: for content that is never changed in place. */
    SIZE,
    /**
     * Files of the same size are unchanged unless the source is newer than the target. Compares the file's time of
     * modification with the time at which the blob was stored; a downloaded file gets that time. Sends no request per
     * file.
     */
    SIZE_AND_TIME,
    /**
     * Files of the same size and CRC32C are unchanged. Reads each local file whose size is that of the blob, and sends
     * one request for its metadata; transfers the file if the store keeps no checksum of the blob.
     */
    SIZE_AND_CHECKSUM
}
