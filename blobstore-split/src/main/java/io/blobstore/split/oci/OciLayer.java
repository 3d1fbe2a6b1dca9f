package io.blobstore.split.oci;

import io.blobstore.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/**
 * A layer of an image, or a blob of an artifact. Immutable.
 *
 * @param layout where its blob is
 * @param descriptor the blob
 * @param id the digest that names the layer: that of its uncompressed content ({@code diff_id}); for an artifact that
 *     of the blob
 * @param format how the blob holds the content
 */
public record OciLayer(OciLayout layout, OciDescriptor descriptor, Sha256 id, Format format) {
    /** How a blob holds the content of a layer. Later versions may add constants. */
    public enum Format {
        /** As a tar archive. */
        TAR,
        /** As a tar archive that is compressed with gzip. */
        TAR_GZIP,
        /** As a tar archive that is compressed with zstd. */
        TAR_ZSTD,
        /** As something else, which is kept as it is. */
        OPAQUE
    }

    /** Returns whether the blob has to be decompressed. */
    public boolean isCompressed() {
        return format == Format.TAR_GZIP || format == Format.TAR_ZSTD;
    }

    /** Returns whether the content is a tar archive. */
    public boolean isTar() {
        return format != Format.OPAQUE;
    }

    /**
     * Returns the file of the blob, which has the size that its descriptor says.
     *
     * @throws OciLayoutException if it is missing, or has another size
     */
    public Path blob() throws IOException {
        return layout.blob(descriptor);
    }

    /**
     * Opens the uncompressed content, to be closed by the caller. The stream reports its end only after the whole blob
     * was read and has the digest of its descriptor; it does not compare the content with {@link #id}. Needs a fixed
     * amount of memory, which zstd determines: up to 128 MiB outside of the heap for windows of that size.
     *
     * <p>Its methods throw an {@link OciLayoutException} if the blob is damaged, or its content too large. The stream
     * is not thread-safe; an interrupt of the reading thread closes it.
     *
     * @param maxBytes the largest content that is accepted, in bytes
     * @param progress receives the number of bytes of the blob that were read, since the last call
     * @throws OciLayoutException if the blob is missing, or has another size
     */
    public InputStream open(long maxBytes, LongConsumer progress) throws IOException {
        return OciLayerStream.open(this, maxBytes, progress);
    }
}
