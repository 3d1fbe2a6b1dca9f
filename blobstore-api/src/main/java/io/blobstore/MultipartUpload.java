package io.blobstore;

import io.blobstore.spi.PartLayout;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * A blob on its way into a store, part by part.
 *
 * <p>Parts may be uploaded by several threads at once, and again: the last upload of a number counts. Thread-safe,
 * except that {@link #complete}, {@link #abort} and {@link #close} must not run beside an {@link #uploadPart}.
 */
public interface MultipartUpload extends Closeable {
    /** The blob's key. */
    BlobKey key();

    /**
     * Returns the text that identifies this upload at the store, such as S3's upload id: opaque, the same for as long
     * as this object lives, and different from that of every other upload of the store. It is not secret, and useless
     * to readers of blobs: it is meant for logs, and for tools that look for unfinished uploads.
     */
    String id();

    /** How the content is cut. */
    PartLayout layout();

    /**
     * Sends one part, and computes its checksum while doing so. When this returns or throws, nothing touches the
     * content any more.
     *
     * @param partNumber from 1 to {@link PartLayout#partCount()}
     * @param content exactly {@link PartLayout#length} bytes
     * @throws SourceChangedException if the source changed meanwhile
     * @throws IntegrityException if the store received something else than the source holds
     * @throws IllegalArgumentException if number or size do not fit the layout
     * @throws IllegalStateException if the upload is completed or aborted
     */
    UploadedPart uploadPart(int partNumber, BlobSource content) throws IOException;

    /** The parts accepted so far, by number. */
    List<UploadedPart> parts();

    /**
     * Makes the blob visible. Idempotent: after a success it gives the same result again, and after a retryable failure
     * it may be called again.
     *
     * @param checksum what the parts' checksums combine to; a store that can compares it <em>before</em> the blob
     *     becomes visible
     * @throws IntegrityException if the store holds something else; the blob is not left visible where the store can
     *     help it
     * @throws PreconditionFailedException if the precondition given at creation does not hold
     * @throws IllegalStateException if a part is missing, or the upload was aborted
     */
    StoredBlob complete(Crc32c checksum) throws IOException;

    /** Gives the upload up and frees what the store keeps of it. Idempotent; does nothing after a completion. */
    void abort() throws IOException;

    /** Aborts, unless completed. Idempotent. */
    @Override
    default void close() throws IOException {
        abort();
    }
}
