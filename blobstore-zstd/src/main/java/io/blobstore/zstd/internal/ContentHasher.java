package io.blobstore.zstd.internal;

import io.blobstore.Crc32c;
import io.blobstore.Sha256;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.zip.CRC32C;

/** Computes the {@link ContentDigest} of content that is shown in order. Not thread-safe. */
public final class ContentHasher {
    private final MessageDigest sha256 = Sha256.newMessageDigest();
    private final CRC32C crc32c = new CRC32C();
    private long contentSize;

    /** Adds the bytes from the buffer's position to its limit; its position is at its limit then. */
    public void update(ByteBuffer content) {
        contentSize += content.remaining();
        crc32c.update(content.duplicate());
        sha256.update(content);
    }

    /** Returns the digest of all that was added; nothing can be added after that. */
    public ContentDigest digest() {
        return new ContentDigest(contentSize, new Crc32c((int) crc32c.getValue()), Sha256.ofBytes(sha256.digest()));
    }
}
