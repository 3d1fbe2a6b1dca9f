package io.blobstore.server.internal.remote;

import io.blobstore.cache.ArrivingContent;

/** What has become of content that a client wants, and the local cache did not have. */
public sealed interface Fetched {
    /** An outcome without more to tell. */
    enum Known implements Fetched {
        /** It is in the local cache. */
        PRESENT,
        /** It is not to be had. */
        ABSENT
    }

    /**
     * It is being downloaded, and its beginning can be read.
     *
     * @param content to be closed by the receiver
     */
    record Arriving(ArrivingContent content) implements Fetched {}
}
