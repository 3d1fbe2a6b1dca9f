package io.blobstore.cas.internal;

import io.blobstore.Sha256;
import io.blobstore.cas.Keyspace;
import io.blobstore.zstd.internal.FrameFormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;

/** Compares content with its key, the SHA-256 of it, where no checksum protects it. Not thread-safe. */
final class ContentCheck {
    private static final int FRAME_MAGIC = 0xFD2FB528;
    /** Content_Checksum_flag of the Frame_Header_Descriptor, RFC 8878, section 3.1.1.1.1. */
    private static final int CHECKSUM_FLAG = 4;

    private final EntryKey key;
    private final MessageDigest digest = Sha256.newMessageDigest();

    ContentCheck(EntryKey key) {
        this.key = key;
    }

    /** Returns whether the key is the SHA-256 of the content. */
    static boolean applies(EntryKey key) {
        return key.keyspace() == Keyspace.CAS;
    }

    /**
     * Returns whether stored bytes are a zstd frame with a checksum of its content. Those that begin with another frame
     * count as unprotected.
     */
    static boolean hasChecksum(ByteBuffer stored) {
        ByteBuffer bytes = stored.slice().order(ByteOrder.LITTLE_ENDIAN);
        return bytes.remaining() > 4 && bytes.getInt(0) == FRAME_MAGIC && (bytes.get(4) & CHECKSUM_FLAG) != 0;
    }

    /** Adds a buffer's remaining bytes, and advances its position. */
    void add(ByteBuffer content) {
        digest.update(content);
    }

    /**
     * Ends the content.
     *
     * @throws FrameFormatException if it is not that of the key
     */
    void finish() throws FrameFormatException {
        if (applies(key) && !Sha256.ofBytes(digest.digest()).equals(key.hash())) {
            throw new FrameFormatException("the content differs from its SHA-256");
        }
    }

    /** Compares the content in one buffer, whose position is unchanged. */
    static void require(EntryKey key, ByteBuffer content) throws FrameFormatException {
        ContentCheck check = new ContentCheck(key);
        check.add(content.duplicate());
        check.finish();
    }
}
