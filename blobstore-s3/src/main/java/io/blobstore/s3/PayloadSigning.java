package io.blobstore.s3;

/** Whether the signature of a request covers the content it sends. */
public enum PayloadSigning {
    /** The signature covers the headers, including the content's CRC32C, but not the content. */
    UNSIGNED,
    /** The signature covers the content's SHA-256, for servers that require it. It costs more CPU time than sending. */
    SIGNED
}
