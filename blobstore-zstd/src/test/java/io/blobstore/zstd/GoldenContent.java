package io.blobstore.zstd;

import io.blobstore.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Makes the contents of the golden files, which are not stored: blocks of SHA-256 in counter mode. */
public final class GoldenContent {
    private static final String LINE = " INFO cache entry stored.\n";

    private GoldenContent() {}

    /**
     * Returns content of a kind: "random", "text" that compresses to a third, "zero", or "lit:" with the text itself.
     */
    public static byte[] of(String kind, long seed, int size) {
        if (kind.startsWith("lit:")) {
            return kind.substring(4).getBytes(StandardCharsets.US_ASCII);
        }
        ByteBuffer content = ByteBuffer.allocate(size);
        for (long i = 0; content.hasRemaining() && !kind.equals("zero"); i++) {
            byte[] block = block(seed, i);
            if (kind.equals("text")) {
                String line = HexFormat.of().formatHex(block, 0, 19) + LINE;
                block = line.getBytes(StandardCharsets.US_ASCII);
            }
            content.put(block, 0, Math.min(block.length, content.remaining()));
        }
        return content.array();
    }

    private static byte[] block(long seed, long number) {
        MessageDigest digest = Sha256.newMessageDigest();
        digest.update("blobstore-cas".getBytes(StandardCharsets.US_ASCII));
        digest.update(ByteBuffer.allocate(16).putLong(seed).putLong(number).flip());
        return digest.digest();
    }
}
