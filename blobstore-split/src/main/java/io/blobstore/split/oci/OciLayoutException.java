package io.blobstore.split.oci;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Signals that an image layout, or an image in it, is damaged, incomplete or of an unsupported kind. Nothing of the
 * image is visible in a repository because of it. Not retryable.
 */
public class OciLayoutException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** What is wrong. Later versions may add constants. */
    public enum Reason {
        /** The directory is no image layout. */
        NOT_A_LAYOUT,
        /** There is no image, or there are several, with the name or platform that was asked for. */
        NO_SUCH_IMAGE,
        /** A blob is missing. */
        MISSING_BLOB,
        /** A blob has another size or digest than its descriptor says, or cannot be decompressed. */
        DAMAGED_BLOB,
        /** A layer is not the content that the image's configuration says ({@code diff_ids}). */
        WRONG_DIFF_ID,
        /** A document is not what it must be, or a layer is not a tar archive. */
        MALFORMED,
        /** The media type, version or digest algorithm is not supported. */
        UNSUPPORTED,
        /** A document or a layer is larger than allowed. */
        TOO_LARGE
    }

    private final Reason reason;
    private final @Nullable String blob;

    /**
     * Creates an exception.
     *
     * @param layout the directory of the layout
     * @param blob the digest of the blob, or the name of the file, that is concerned; null for the layout as a whole
     * @param problem the problem and its remedy
     */
    public OciLayoutException(
            Reason reason, Path layout, @Nullable String blob, String problem, @Nullable Throwable cause) {
        super(
                Operation.READ_SOURCE,
                null,
                "the image layout " + layout + (blob == null ? "" : ": " + blob) + ": " + problem,
                cause,
                false);
        this.reason = reason;
        this.blob = blob;
    }

    /** Returns what is wrong. */
    public Reason reason() {
        return reason;
    }

    /**
     * Returns the digest of the blob that is concerned, such as {@code sha256:4b87…}, or the name of the file; empty if
     * it is the layout as a whole.
     */
    public Optional<String> blob() {
        return Optional.ofNullable(blob);
    }
}
