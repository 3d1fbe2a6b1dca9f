package io.blobstore.s3;

/** Whether the signature of a request covers the content it sends. */
public enum PayloadSigning {
    /** It covers the headers, among them the content's CRC32C, and not the content. */
    UNSIGNED,
    /** It covers the content's SHA-256, which costs more than sending it: for servers that insist. */
    SIGNED
}
