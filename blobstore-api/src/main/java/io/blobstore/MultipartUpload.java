package io.blobstore;

import io.blobstore.spi.PartLayout;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * The upload of a blob in parts, which becomes visible when it is completed.
 *
 * <p>Parts may be uploaded by several threads at once. A part may be uploaded again, which replaces it. Thread-safe,
 * except that {@link #complete}, {@link #abort} and {@link #close} must not run concurrently with {@link #uploadPart}.
 */
public interface MultipartUpload extends Closeable {
    /** Returns the blob's key. */
    BlobKey key();

    /**
     * Returns the text that identifies this upload at the store, such as S3's upload id: opaque, constant, and
     * different from that of every other upload of the store. It is not secret. Use it in logs, and in tools that look
     * for unfinished uploads.
     */
    String id();

    /**
     * Returns how the content is split into parts. A layout {@linkplain PartLayout#ofUnknownSize of unknown size} has
     * the size of the parts when the upload is completed.
     */
    PartLayout layout();

    /**
     * Sends one part, and computes its checksum meanwhile. When this method returns or throws, nothing touches the
     * content any more. In an upload that was {@linkplain BlobStore#resumeMultipartUpload resumed}, a part that the
     * store has already is compared by size and checksum, and not sent if they are the same.
     *
     * @param partNumber from 1 to {@link PartLayout#partCount()}
     * @param content exactly {@link PartLayout#length} bytes; in a layout of unknown size, a full part or the last one
     * @throws SourceChangedException if the source changed while it was read
     * @throws IntegrityException if the content that the store received differs from the content that was sent
     * @throws IllegalArgumentException if the number or the size does not fit the layout
     * @throws IllegalStateException if the upload is completed or aborted
     */
    UploadedPart uploadPart(int partNumber, BlobSource content) throws IOException;

    /**
     * Returns the parts accepted so far, sorted by number. In an upload that was resumed, a part counts when
     * {@link #uploadPart} has compared or sent it.
     */
    List<UploadedPart> parts();

    /**
     * Makes the blob visible. Idempotent: after a success it returns the same result again, and after a retryable
     * failure it may be called again.
     *
     * @param checksum the checksum of the whole content, combined from those of the parts; stores that support this
     *     compare it <em>before</em> the blob becomes visible
     * @throws IntegrityException if the stored content has another checksum; the blob is then not visible, unless the
     *     store cannot compare before
     * @throws PreconditionFailedException if the precondition given at creation does not hold
     * @throws IllegalStateException if a part is missing, or the upload was aborted
     */
    StoredBlob complete(Crc32c checksum) throws IOException;

    /**
     * Keeps the upload at the store when this object or the store is closed, and when the process dies, so that
     * {@link BlobStore#resumeMultipartUpload} can go on with it. It takes space there until it is completed or aborted;
     * stores may delete it after some days. To be called before the first part is sent. Idempotent.
     *
     * @throws IllegalStateException if the upload is completed or aborted
     */
    void keep() throws IOException;

    /** Aborts the upload, and frees the parts that the store keeps. Idempotent. Does nothing after a completion. */
    void abort() throws IOException;

    /** Aborts the upload unless it is completed or {@linkplain #keep kept}. Idempotent. */
    @Override
    default void close() throws IOException {
        abort();
    }
}
