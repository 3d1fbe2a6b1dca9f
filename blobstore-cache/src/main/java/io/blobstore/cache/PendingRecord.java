package io.blobstore.cache;

import io.blobstore.BlobMetadata;
import io.blobstore.Crc32c;
import io.blobstore.StoreOptions;
import io.blobstore.cas.Digest;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.util.Optional;

/**
 * A blob that was acknowledged and is to be uploaded. Stored as a {@link VersionRecord} is, with a magic number of its
 * own and the sequence number.
 *
 * @param sequence orders the blobs of a key: the highest is the last that was acknowledged
 * @param blob the metadata that reads return until it is uploaded
 * @param content the digest of the content
 */
record PendingRecord(long sequence, BlobMetadata blob, Digest content) {
    private static final int MAGIC = 0x4253_5042; // "BSPB"
    private static final short LAYOUT = 1;

    /** Returns the options with which it is stored. */
    StoreOptions options() {
        return StoreOptions.builder().metadataOf(blob).build();
    }

    /** Returns the record's bytes in a new buffer. */
    ByteBuffer encode() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(MAGIC);
            out.writeShort(LAYOUT);
            out.writeLong(sequence);
            VersionRecord.digest(out, content);
            VersionRecord.metadata(out, blob);
            out.writeInt(Crc32c.of(ByteBuffer.wrap(bytes.toByteArray())).value());
        } catch (IOException e) {
            throw new UncheckedIOException("an array cannot fail", e);
        }
        return ByteBuffer.wrap(bytes.toByteArray());
    }

    /** Decodes a record; empty if it is damaged, or has another layout. */
    static Optional<PendingRecord> decode(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        try {
            int end = bytes.length - Integer.BYTES;
            if (in.getInt() != MAGIC
                    || in.getShort() != LAYOUT
                    || Crc32c.of(in.slice(0, end)).value() != in.getInt(end)) {
                return Optional.empty();
            }
            in.limit(end);
            long sequence = in.getLong();
            Digest content = VersionRecord.digest(in);
            return Optional.of(new PendingRecord(sequence, VersionRecord.metadata(in), content));
        } catch (BufferUnderflowException
                | IllegalArgumentException
                | DateTimeException
                | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }
}
