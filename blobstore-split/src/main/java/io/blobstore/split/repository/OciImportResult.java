package io.blobstore.split.repository;

import io.blobstore.Sha256;
import io.blobstore.split.ObjectId;
import java.util.List;

/**
 * An image that was imported.
 *
 * @param ref the ref that keeps it, such as {@code oci/example%2Fapp:1.0}
 * @param manifest the digest of the manifest
 * @param stream the id of the stream of the manifest
 * @param blobs the layers, without repetitions, then the configuration and the manifest
 */
public record OciImportResult(String ref, Sha256 manifest, ObjectId stream, List<Blob> blobs) {
    /** Creates a result, which copies the list. */
    public OciImportResult {
        blobs = List.copyOf(blobs);
    }

    /**
     * A blob of an image, as a stream.
     *
     * @param name the name of the stream, such as {@code oci-layer-sha256:4b87…}
     * @param stream the id of the stream
     * @param present whether the repository had the stream, so that nothing was read of the blob
     * @param progress what was parsed, present and stored; zeros if the stream was present
     */
    public record Blob(String name, ObjectId stream, boolean present, SplitProgress progress) {}

    /** Returns the sums over all blobs. */
    public SplitProgress progress() {
        long[] sums = new long[7];
        for (Blob blob : blobs) {
            SplitProgress part = blob.progress();
            sums[0] += part.bytesParsed();
            sums[1] += part.totalBytes();
            sums[2] += part.bytesInline();
            sums[3] += part.objectsPresent();
            sums[4] += part.bytesPresent();
            sums[5] += part.objectsStored();
            sums[6] += part.bytesStored();
        }
        return new SplitProgress(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6]);
    }
}
