package io.blobstore.zstd;

import io.blobstore.BlobMetadata;
import io.blobstore.Sha256;
import io.blobstore.zstd.internal.ContentDigest;
import io.blobstore.zstd.internal.FrameTable;
import java.util.Optional;

/** The properties of a compressed blob. Immutable. */
public final class CompressedBlob {
    private final BlobMetadata stored;
    private final FrameFormat format;
    private final FrameTable table;
    private final Optional<ContentDigest> digest;

    CompressedBlob(BlobMetadata stored, FrameFormat format, FrameTable table, Optional<ContentDigest> digest) {
        this.stored = stored;
        this.format = format;
        this.table = table;
        this.digest = digest;
    }

    /** Returns the metadata of the blob as it is stored, compressed. */
    public BlobMetadata stored() {
        return stored;
    }

    /**
     * Returns the metadata of the content: that of the stored blob, except for the size, and for the checksum, which is
     * empty if the blob has none of its content.
     */
    public BlobMetadata content() {
        return stored.toBuilder()
                .size(table.contentSize())
                .checksum(digest.map(ContentDigest::crc32c))
                .build();
    }

    /** Returns the SHA-256 of the content; empty if the blob has none. */
    public Optional<Sha256> sha256() {
        return digest.map(ContentDigest::sha256);
    }

    /** Returns the format of the frames. */
    public FrameFormat format() {
        return format;
    }

    /** Returns the number of frames, those without content included. */
    public int frameCount() {
        return table.frameCount();
    }

    FrameTable table() {
        return table;
    }

    @Override
    public String toString() {
        return "CompressedBlob[" + stored.key() + ", " + format + ", " + table.contentSize() + " bytes in "
                + stored.size() + "]";
    }
}
