package io.blobstore.server.internal;

/** What a request does, as far as access control is concerned. */
public enum Access {
    /** It reads, or asks what is there. */
    READ,
    /** It changes what is there. */
    WRITE
}
