package io.blobstore.bench;

import io.blobstore.Sha256;
import io.blobstore.cas.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/**
 * The contents that are put to servers: sections of a mapped file, whose first line is replaced by one that no other
 * content has. So content can be put again without being known to the server.
 */
final class ServedContents {
    private static final String LINE = "%038x INFO cache entry stored.\n";

    private final List<ByteBuffer> sections = new ArrayList<>();
    private long number = System.nanoTime();

    /**
     * Maps a file.
     *
     * @param size the size of one content; what is left of the file is not used
     */
    ServedContents(Path source, long size) throws IOException {
        try (FileChannel file = FileChannel.open(source, StandardOpenOption.READ)) {
            for (long at = 0; at + size <= file.size(); at += size) {
                sections.add(file.map(FileChannel.MapMode.READ_ONLY, at, size));
            }
        }
    }

    /**
     * A content.
     *
     * @param line its first bytes
     * @param rest the others
     */
    record Content(Digest digest, ByteBuffer line, ByteBuffer rest) {
        /** Returns a request that puts it. */
        HttpLoad.Request put() {
            byte[] head = ("PUT /cas/" + digest.sha256().hex() + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                            + digest.size() + "\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1);
            ByteBuffer beginning = ByteBuffer.allocateDirect(head.length + line.remaining());
            return new HttpLoad.Request(
                    beginning.put(head).put(line.duplicate()).flip(), rest);
        }

        /** Returns a request that gets it, with the lines of more headers. */
        HttpLoad.Request get(String headers) {
            byte[] head = ("GET /cas/" + digest.sha256().hex() + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1);
            ByteBuffer direct = ByteBuffer.allocateDirect(head.length);
            return new HttpLoad.Request(direct.put(head).flip(), ByteBuffer.allocate(0));
        }
    }

    /** Returns a content of each section of the file, none of which was returned before. */
    List<Content> next() {
        return sections.stream().map(this::content).toList();
    }

    private Content content(ByteBuffer section) {
        byte[] text = String.format(LINE, number++).getBytes(StandardCharsets.US_ASCII);
        int length = Math.min(text.length, section.remaining());
        ByteBuffer line = ByteBuffer.allocateDirect(length).put(text, 0, length).flip();
        ByteBuffer rest = section.slice(length, section.remaining() - length);
        MessageDigest sha256 = Sha256.newMessageDigest();
        sha256.update(line.duplicate());
        sha256.update(rest.duplicate());
        return new Content(new Digest(Sha256.ofBytes(sha256.digest()), section.remaining()), line, rest);
    }
}
