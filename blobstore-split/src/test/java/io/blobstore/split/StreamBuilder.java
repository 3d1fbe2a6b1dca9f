package io.blobstore.split;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes streams of SHA-256 by hand, with sections as the test wants them. */
final class StreamBuilder {
    private byte[] streamRefs = new byte[0];
    private byte[] objectRefs = new byte[0];
    private byte[] names = Zstd.compress(new byte[0]);
    private byte[] chunks = Zstd.compress(new byte[0]);
    private long size;

    StreamBuilder streamRefs(byte[] ids) {
        streamRefs = ids;
        return this;
    }

    StreamBuilder objectRefs(byte[] ids) {
        objectRefs = ids;
        return this;
    }

    /** Sets the compressed section of names. */
    StreamBuilder names(byte[] section) {
        names = section;
        return this;
    }

    /** Sets the compressed section of chunks. */
    StreamBuilder chunks(byte[] section) {
        chunks = section;
        return this;
    }

    /** Sets the number of bytes that the stream claims to merge to. */
    StreamBuilder size(long bytes) {
        size = bytes;
        return this;
    }

    /** Returns an inline chunk, not compressed. */
    static byte[] inline(byte[] content) {
        return ByteBuffer.allocate(Long.BYTES + content.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(-content.length)
                .put(content)
                .array();
    }

    ByteBuffer build() {
        byte[][] sections = {streamRefs, objectRefs, chunks, names};
        ByteBuffer header = ByteBuffer.allocate(112).order(ByteOrder.LITTLE_ENDIAN);
        header.put("SplitStream".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 0)
                .putShort((short) 0);
        header.put((byte) 1).put((byte) 12).putLong(32).putLong(112);
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        long at = header.capacity();
        for (byte[] section : sections) {
            header.putLong(at).putLong(at + section.length);
            at += section.length;
        }
        header.putLong(0).putLong(size);
        stream.writeBytes(header.array());
        for (byte[] section : sections) {
            stream.writeBytes(section);
        }
        return ByteBuffer.wrap(stream.toByteArray());
    }
}
