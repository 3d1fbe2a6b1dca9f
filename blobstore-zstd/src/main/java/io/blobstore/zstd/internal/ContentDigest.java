package io.blobstore.zstd.internal;

import io.blobstore.Crc32c;
import io.blobstore.Sha256;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * What a compressed blob says of its whole content: a skippable frame of 60 bytes, before the first frame of a casblob,
 * and after the last frame in the seekable format, where it is read together with the table. Decoders ignore it.
 *
 * <pre>
 * offset  type     value
 *  0      u32      0x184D2A5B, the magic number of a skippable frame
 *  4      u32      52
 *  8      byte[8]  "blobsum1"
 * 16      i64      size of the content
 * 24      u32      CRC32C of the content
 * 28      byte[32] SHA-256 of the content
 * </pre>
 *
 * All little-endian.
 *
 * @param contentSize the size of the content in bytes
 * @param crc32c the CRC32C of the content
 * @param sha256 the SHA-256 of the content
 */
public record ContentDigest(long contentSize, Crc32c crc32c, Sha256 sha256) {
    /** The length of the frame. */
    public static final int LENGTH = 60;

    private static final int MAGIC = 0x184D2A5B;
    private static final long NAME = 0x316D7573_626F6C62L; // "blobsum1"

    /**
     * Parses a frame.
     *
     * @param bytes {@link #LENGTH} bytes from the buffer's position on; its position is unchanged
     * @param contentSize the size of the content according to the table
     * @return the digest; empty if the bytes are something else
     */
    public static Optional<ContentDigest> find(ByteBuffer bytes, long contentSize) {
        if (bytes.remaining() < LENGTH) {
            return Optional.empty();
        }
        ByteBuffer frame = bytes.slice(bytes.position(), LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        if (frame.getInt() != MAGIC
                || frame.getInt() != LENGTH - 8
                || frame.getLong() != NAME
                || frame.getLong() != contentSize) {
            return Optional.empty();
        }
        Crc32c crc32c = new Crc32c(frame.getInt());
        byte[] sha256 = new byte[Sha256.BYTES];
        frame.get(sha256);
        return Optional.of(new ContentDigest(contentSize, crc32c, Sha256.ofBytes(sha256)));
    }

    /** Writes the frame: {@link #LENGTH} bytes from the target's position on, which advances. */
    public void write(ByteBuffer target) {
        ByteBuffer frame = target.slice().order(ByteOrder.LITTLE_ENDIAN);
        frame.putInt(MAGIC).putInt(LENGTH - 8).putLong(NAME).putLong(contentSize);
        frame.putInt(crc32c.value()).put(sha256.bytes());
        target.position(target.position() + LENGTH);
    }
}
