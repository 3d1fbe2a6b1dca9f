package io.blobstore.s3;

/** Which checksums a store sends, and asks the server for. */
public enum S3Checksums {
    /**
     * CRC32C of every part and of the whole blob: the server compares what it received, and a read compares what it
     * got.
     */
    CRC32C,
    /**
     * None, for servers that refuse or misunderstand them. A flipped bit goes unnoticed over plain HTTP. Only the
     * request that deletes many blobs carries an MD5 and a CRC32 of its text, one of which every server wants.
     */
    NONE
}
