package io.blobstore.zstd;

import io.blobstore.Crc32c;
import io.blobstore.Sha256;
import io.blobstore.StoredBlob;
import io.blobstore.zstd.internal.ContentDigest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The result of {@link CompressedBlobs#upload}. Immutable. */
public final class CompressionResult {
    private final StoredBlob stored;
    private final FrameFormat format;
    private final ContentDigest digest;

    CompressionResult(StoredBlob stored, FrameFormat format, ContentDigest digest) {
        this.stored = stored;
        this.format = format;
        this.digest = digest;
    }

    /** Returns the blob as it is stored, compressed. */
    public StoredBlob stored() {
        return stored;
    }

    /** Returns the format. */
    public FrameFormat format() {
        return format;
    }

    /** Returns the size of the content in bytes. */
    public long contentSize() {
        return digest.contentSize();
    }

    /** Returns the size of the stored blob in bytes, with its table. */
    public long storedSize() {
        return stored.size();
    }

    /** Returns the SHA-256 of the content. */
    public Sha256 sha256() {
        return digest.sha256();
    }

    /** Returns the CRC32C of the content. */
    public Crc32c crc32c() {
        return digest.crc32c();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CompressionResult that
                && stored.equals(that.stored)
                && format == that.format
                && digest.equals(that.digest);
    }

    @Override
    public int hashCode() {
        return Objects.hash(stored, format, digest);
    }

    @Override
    public String toString() {
        return "CompressionResult[stored=" + stored + ", format=" + format + ", contentSize=" + contentSize() + ", "
                + digest.sha256() + "]";
    }
}
