package io.blobstore.s3;

/** The checksums that a store sends and requests. */
public enum S3Checksums {
    /**
     * CRC32C of every part and of the whole blob: the server verifies the content it receives, and a read of a whole
     * blob verifies the content.
     */
    CRC32C,
    /**
     * No checksums, for servers that do not support them. Corruption over plain HTTP is not detected. Only the request
     * that deletes many blobs has an MD5 and a CRC32 of its body, one of which every server requires.
     */
    NONE
}
