package io.blobstore.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;

/** Creates files whose content zstd compresses to about a third: lines of a log, of 64 bytes. */
final class TextContent {
    private static final String REST_OF_LINE = " INFO cache entry stored.\n";
    private static final int ID_BYTES = 19;
    private static final int CHUNK = 1 << 20;

    private TextContent() {}

    /** Creates a file with text, or with random bytes. */
    static Path create(Workspace workspace, String name, long size, boolean isText) throws IOException {
        if (!isText) {
            return workspace.content(name, size);
        }
        Path file = workspace.directory().resolve(name);
        Random random = new Random(size);
        byte[] id = new byte[ID_BYTES];
        try (OutputStream output = Files.newOutputStream(file)) {
            StringBuilder lines = new StringBuilder(CHUNK);
            for (long left = size; left > 0; left -= CHUNK) {
                lines.setLength(0);
                while (lines.length() < CHUNK) {
                    random.nextBytes(id);
                    HexFormat.of().formatHex(lines, id).append(REST_OF_LINE);
                }
                output.write(lines.toString().getBytes(StandardCharsets.US_ASCII), 0, (int) Math.min(CHUNK, left));
            }
        }
        return file;
    }
}
