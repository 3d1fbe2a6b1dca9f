package io.blobstore.transfer;

import io.blobstore.BlobMetadata;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.spi.Checksums;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The checksum of what a reader has delivered in order, from the blob's first byte on. Used by one thread at a time.
 *
 * <p>A pass grows by the bytes that continue it, however many reads deliver them, and whatever is read in between:
 * other positions, or bytes that the pass has already. It has each byte once, as it was first delivered. A read at
 * position 0 begins another pass, which replaces the former one as soon as it has as many bytes; until then both grow.
 * So neither a look at the first bytes, nor a second reading of all of them, is left unverified.
 */
final class DeliveredContent {
    private Pass pass = new Pass();
    private @Nullable Pass another;

    private static final class Pass {
        private final CRC32C crc = new CRC32C();
        private long length;

        void add(long position, ByteBuffer bytes) {
            long known = length - position;
            if (known >= 0 && known < bytes.remaining()) {
                crc.update(known == 0 ? bytes.duplicate() : bytes.duplicate().position(bytes.position() + (int) known));
                length = position + bytes.remaining();
            }
        }

        boolean reaches(long position) {
            return length >= position;
        }
    }

    /**
     * Adds bytes that are being delivered.
     *
     * @param position their position in the blob
     * @param bytes from position to limit, which are unchanged
     */
    void add(long position, ByteBuffer bytes) {
        if (position == 0 && pass.length > 0) {
            another = new Pass();
        }
        pass.add(position, bytes);
        Pass next = another;
        if (next != null) {
            next.add(position, bytes);
            if (next.reaches(pass.length)) {
                pass = next;
                another = null;
            }
        }
    }

    /** Returns whether the bytes from a position to the blob's end would complete a pass. */
    boolean isCompletedFrom(long position) {
        Pass next = another;
        return pass.reaches(position) || (next != null && next.reaches(position));
    }

    /**
     * Compares the checksum, if the whole blob was delivered.
     *
     * @throws IntegrityException if it differs from the blob's; also when called again, until another pass is complete
     */
    void requireStored(BlobMetadata blob) throws IntegrityException {
        if (pass.length == blob.size()) {
            Checksums.requireStored(Operation.READ, blob, new Crc32c((int) pass.crc.getValue()));
        }
    }
}
