package io.blobstore.cache;

import io.blobstore.BlobMetadata;
import io.blobstore.cas.Digest;
import java.io.IOException;
import java.util.Optional;

/** What downloads know of the content of versions. Thread-safe. */
interface FillRecords {
    /** Returns the digest that the content of a version must have; empty if that is not known. */
    Optional<Digest> expected(BlobMetadata blob) throws IOException;

    /** Notes the content of a version, which is in the cache now. */
    void put(VersionRecord record) throws IOException;
}
