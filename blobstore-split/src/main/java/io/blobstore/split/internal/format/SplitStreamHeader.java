package io.blobstore.split.internal.format;

import io.blobstore.split.ContentType;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.SplitStreamException;
import io.blobstore.split.UnsupportedSplitStreamException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The header of a stream, and its information section. Immutable.
 *
 * @param hash the hash function of all ids in the stream
 * @param contentType what the stream merges to
 * @param size the number of bytes that the stream merges to
 * @param streamRefs the ids of other streams
 * @param objectRefs the ids of objects
 * @param chunks the compressed chunks
 * @param namedRefs the compressed names of other streams
 */
public record SplitStreamHeader(
        ObjectHash hash,
        ContentType contentType,
        long size,
        Section streamRefs,
        Section objectRefs,
        Section chunks,
        Section namedRefs) {

    static final int HEADER_BYTES = 32;
    static final int INFO_BYTES = 80;

    private static final byte[] MAGIC = "SplitStream".getBytes(StandardCharsets.US_ASCII);
    private static final int BLOCK_SIZE_LOG = 12;

    /** Offsets of the fields; before version 0.7 of composefs-rs, the header had the same fields in another order. */
    private enum Layout {
        CURRENT(0, 11, 14, 15, 16),
        OLD(18, 29, 30, 31, 0);

        final int magic;
        final int version;
        final int algorithm;
        final int blockSize;
        final int info;

        Layout(int magic, int version, int algorithm, int blockSize, int info) {
            this.magic = magic;
            this.version = version;
            this.algorithm = algorithm;
            this.blockSize = blockSize;
            this.info = info;
        }

        boolean matches(byte[] header) {
            return Arrays.equals(header, magic, magic + MAGIC.length, MAGIC, 0, MAGIC.length);
        }
    }

    /** Writes a header and an information section, {@value #HEADER_BYTES} + {@value #INFO_BYTES} bytes. */
    ByteBuffer encode() {
        ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + INFO_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(MAGIC)
                .put((byte) 0)
                .putShort((short) 0)
                .put((byte) hash.code())
                .put((byte) BLOCK_SIZE_LOG)
                .putLong(HEADER_BYTES)
                .putLong(HEADER_BYTES + INFO_BYTES);
        for (Section section : new Section[] {streamRefs, objectRefs, chunks, namedRefs}) {
            bytes.putLong(section.start()).putLong(section.end());
        }
        return bytes.putLong(contentType.value()).putLong(size).flip();
    }

    /**
     * Reads and checks a header: all sections are inside the stream, and those with ids hold whole ids.
     *
     * @param expected the hash function that the stream must have; null for any
     * @throws SplitStreamException if the stream is damaged
     * @throws UnsupportedSplitStreamException if it has another version or hash function
     */
    static SplitStreamHeader read(StreamChannel stream, @Nullable ObjectHash expected) throws IOException {
        byte[] header = new byte[HEADER_BYTES];
        stream.require(HEADER_BYTES <= stream.size(), "it has only " + stream.size() + " bytes");
        stream.readFully(ByteBuffer.wrap(header), 0);
        Layout layout = Layout.CURRENT.matches(header) ? Layout.CURRENT : Layout.OLD;
        stream.require(layout.matches(header), "it does not begin with the header of a split stream");
        if (header[layout.version] != 0) {
            throw stream.unsupported("its format has version " + header[layout.version]);
        }
        if (header[layout.blockSize] != BLOCK_SIZE_LOG) {
            throw stream.unsupported("its ids are of blocks of 2^" + header[layout.blockSize] + " bytes");
        }
        ObjectHash hash = hash(header[layout.algorithm], stream);
        if (expected != null && hash != expected) {
            throw stream.unsupported("its ids are of " + hash.label() + ", and not of " + expected.label());
        }
        ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
        Section info =
                section(fields.getLong(layout.info), fields.getLong(layout.info + Long.BYTES), stream, "information");
        // A larger one may hold what later versions add.
        stream.require(info.length() >= INFO_BYTES, "its information section has only " + info.length() + " bytes");
        return readInfo(stream, hash, info);
    }

    private static SplitStreamHeader readInfo(StreamChannel stream, ObjectHash hash, Section info) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(INFO_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        stream.readFully(bytes, info.start());
        bytes.flip();
        Section streamRefs = refs(bytes, stream, hash, "ids of streams");
        Section objectRefs = refs(bytes, stream, hash, "ids of objects");
        Section chunks = section(bytes.getLong(), bytes.getLong(), stream, "chunks");
        Section namedRefs = section(bytes.getLong(), bytes.getLong(), stream, "names");
        ContentType contentType = new ContentType(bytes.getLong());
        long size = bytes.getLong();
        stream.require(size >= 0, "it claims to merge to " + Long.toUnsignedString(size) + " bytes");
        return new SplitStreamHeader(hash, contentType, size, streamRefs, objectRefs, chunks, namedRefs);
    }

    private static ObjectHash hash(int code, StreamChannel stream) throws UnsupportedSplitStreamException {
        return Arrays.stream(ObjectHash.values())
                .filter(hash -> hash.code() == code)
                .findAny()
                .orElseThrow(() -> stream.unsupported("the number " + code + " of its hash function is unknown"));
    }

    private static Section refs(ByteBuffer info, StreamChannel stream, ObjectHash hash, String what)
            throws SplitStreamException {
        Section refs = section(info.getLong(), info.getLong(), stream, what);
        stream.require(
                refs.length() % hash.bytes() == 0,
                "its section of " + what + " has " + refs.length() + " bytes, not a multiple of " + hash.bytes());
        return refs;
    }

    private static Section section(long start, long end, StreamChannel stream, String what)
            throws SplitStreamException {
        stream.require(
                start >= 0 && start <= end && end <= stream.size(),
                "its section of " + what + ", from " + Long.toUnsignedString(start) + " to "
                        + Long.toUnsignedString(end) + ", is not inside its " + stream.size() + " bytes");
        return new Section(start, end);
    }
}
