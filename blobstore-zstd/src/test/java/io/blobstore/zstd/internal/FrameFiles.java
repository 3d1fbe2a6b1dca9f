package io.blobstore.zstd.internal;

import com.github.luben.zstd.ZstdCompressCtx;
import io.blobstore.Crc32c;
import io.blobstore.Sha256;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes files of both formats, independently of the code that is tested: after their specifications. */
public final class FrameFiles {
    private final byte[] content;
    private final int frameSize;
    private boolean frameChecksums = true;
    private boolean tableChecksums;
    private boolean digest;
    private int wrongDigest;

    private FrameFiles(byte[] content, int frameSize) {
        this.content = content;
        this.frameSize = frameSize;
    }

    /** Begins a file without a digest, whose frames have checksums. */
    public static FrameFiles of(byte[] content, int frameSize) {
        return new FrameFiles(content, frameSize);
    }

    /** Leaves out the checksums of frames. */
    public FrameFiles withoutFrameChecksums() {
        frameChecksums = false;
        return this;
    }

    /** Adds checksums to a seek table. */
    public FrameFiles withTableChecksums() {
        tableChecksums = true;
        return this;
    }

    /** Adds a digest of the content. */
    public FrameFiles withDigest() {
        digest = true;
        return this;
    }

    /** Adds a digest of other content. */
    public FrameFiles withWrongDigest() {
        wrongDigest = 1;
        return withDigest();
    }

    private List<byte[]> frames() {
        List<byte[]> frames = new ArrayList<>();
        try (ZstdCompressCtx context = new ZstdCompressCtx().setLevel(1).setChecksum(frameChecksums)) {
            for (int from = 0; from < content.length; from += frameSize) {
                frames.add(context.compress(
                        Arrays.copyOfRange(content, from, Math.min(content.length, from + frameSize))));
            }
        }
        return frames;
    }

    private byte[] digest() {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        return ByteBuffer.allocate(60)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x184D2A5B)
                .putInt(52)
                .put("blobsum1".getBytes(StandardCharsets.US_ASCII))
                .putLong(content.length)
                .putInt(Crc32c.of(bytes).value() + wrongDigest)
                .put(Sha256.of(bytes).bytes())
                .array();
    }

    /** Returns a casblob. */
    public byte[] casblob() {
        List<byte[]> frames = frames();
        if (digest) {
            frames.set(0, concat(digest(), frames.get(0)));
        }
        int offsets = frames.size() + 1;
        ByteBuffer header = ByteBuffer.allocate(29 + 8 * offsets).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(0x184D2A50).putInt(21 + 8 * offsets).putLong(content.length);
        header.put((byte) 1).putInt(frameSize).putLong(offsets);
        long offset = header.capacity();
        for (byte[] frame : frames) {
            header.putLong(offset);
            offset += frame.length;
        }
        header.putLong(offset);
        frames.add(0, header.array());
        return concat(frames.toArray(new byte[0][]));
    }

    /** Returns a casblob whose content is stored as it is. */
    public byte[] identity() {
        ByteBuffer header = ByteBuffer.allocate(45).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(0x184D2A50)
                .putInt(37)
                .putLong(content.length)
                .put((byte) 0)
                .putInt(frameSize);
        header.putLong(2).putLong(45).putLong(45 + content.length);
        return concat(header.array(), content);
    }

    /** Returns a file in the seekable format. */
    public byte[] seekable() {
        List<byte[]> frames = frames();
        if (frames.isEmpty()) {
            frames.add(new byte[0]);
        }
        int entry = tableChecksums ? 12 : 8;
        ByteBuffer table = ByteBuffer.allocate(8 + entry * frames.size() + 9).order(ByteOrder.LITTLE_ENDIAN);
        table.putInt(0x184D2A5E).putInt(table.capacity() - 8);
        for (int i = 0; i < frames.size(); i++) {
            int from = i * frameSize;
            int length = Math.min(frameSize, content.length - from);
            boolean last = i == frames.size() - 1;
            table.putInt(frames.get(i).length + (last && digest ? 60 : 0)).putInt(length);
            if (tableChecksums) {
                table.putInt((int) XxHash64.of(ByteBuffer.wrap(content, from, length)));
            }
        }
        table.putInt(frames.size()).put((byte) (tableChecksums ? 0x80 : 0)).putInt(0x8F92EAB1);
        if (digest) {
            frames.add(digest());
        }
        frames.add(table.array());
        return concat(frames.toArray(new byte[0][]));
    }

    private static byte[] concat(byte[]... pieces) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] piece : pieces) {
            out.writeBytes(piece);
        }
        return out.toByteArray();
    }
}
