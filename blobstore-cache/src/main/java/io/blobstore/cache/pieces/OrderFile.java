package io.blobstore.cache.pieces;

import io.blobstore.Crc32c;
import io.blobstore.internal.file.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the order of names across restarts: a line for each, preceded by the CRC32C of all lines in hex. It is a hint:
 * a damaged or missing file is an empty one. Not thread-safe.
 */
final class OrderFile {
    private static final Logger LOG = LoggerFactory.getLogger(OrderFile.class);

    private final Path path;

    OrderFile(Path path) {
        this.path = path;
    }

    /** Replaces the file atomically. */
    void save(List<String> names) throws IOException {
        StringBuilder lines = new StringBuilder();
        names.forEach(name -> lines.append(name).append('\n'));
        ByteBuffer body = StandardCharsets.UTF_8.encode(lines.toString());
        try (AtomicFile file = AtomicFile.createBeside(path)) {
            try (AtomicFile.Section section = file.section(0)) {
                section.write(StandardCharsets.UTF_8.encode(Crc32c.of(body).hex() + "\n"));
                section.write(body);
            }
            file.replaceTarget();
        }
    }

    /** Returns the position of each name, from 0. */
    Map<String, Integer> load() throws IOException {
        byte[] content;
        try {
            content = Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            return Map.of();
        }
        String text = new String(content, StandardCharsets.UTF_8);
        int end = text.indexOf('\n');
        String body = text.substring(end + 1);
        if (end < 0 || !Crc32c.of(StandardCharsets.UTF_8.encode(body)).hex().equals(text.substring(0, end))) {
            LOG.warn("{} is damaged: pieces are evicted by their age", path);
            return Map.of();
        }
        Map<String, Integer> positions = new HashMap<>();
        body.lines().forEach(name -> positions.put(name, positions.size()));
        return positions;
    }
}
