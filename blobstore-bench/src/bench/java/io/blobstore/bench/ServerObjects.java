package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Collection;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The objects of the server by {@code /bucket/name}, and their traffic. Uploaded objects have no content; every read
 * returns the same content: a file, or one random block, repeated up to the size. Thread-safe.
 */
final class ServerObjects {
    static final int BLOCK = 8 << 20;

    /**
     * The known properties of an object or a part.
     *
     * @param checksum the CRC32C in Base64 as sent by the client, or empty: the server computes none, as that would
     *     take CPU from the measured client
     */
    record Stored(long size, String checksum, String etag) {}

    /**
     * The traffic of one object.
     *
     * @param received bytes of request bodies; for the JSON API, bytes of content
     * @param sent bytes of content
     * @param security the protocols and cipher suites of the connections
     */
    record Traffic(long received, long sent, String security) {
        private Traffic plus(Traffic more) {
            String all = security.contains(more.security) ? security : security + ", " + more.security;
            return new Traffic(received + more.received, sent + more.sent, all);
        }
    }

    final Stored served;
    private final ByteBuffer block;
    private final Map<String, Stored> objects = new ConcurrentHashMap<>();
    private final Map<String, Traffic> traffic = new ConcurrentHashMap<>();
    private final AtomicLong etags = new AtomicLong();

    /** Creates objects of which the served one has random content. */
    ServerObjects(long size) {
        byte[] bytes = new byte[BLOCK];
        new Random(size).nextBytes(bytes);
        block = ByteBuffer.allocateDirect(BLOCK).put(bytes).flip();
        Crc32c whole = Crc32c.EMPTY;
        Crc32c ofBlock = Crc32c.of(block);
        for (long at = 0; at < size; at += BLOCK) {
            int length = (int) Math.min(BLOCK, size - at);
            whole = whole.combine(length == BLOCK ? ofBlock : Crc32c.of(block.slice(0, length)), length);
        }
        served = new Stored(size, whole.base64(), "\"served\"");
    }

    /** Creates objects of which the served one is a file of less than 2 GiB. */
    ServerObjects(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            block = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
        }
        served = new Stored(block.capacity(), Crc32c.of(block).base64(), "\"served\"");
    }

    /** Writes the served bytes from one offset to another. */
    void write(NetConnection connection, long from, long to) throws IOException {
        for (long at = from; at < to; ) {
            int offset = (int) (at % block.capacity());
            int length = (int) Math.min(block.capacity() - offset, to - at);
            connection.write(block.slice(offset, length));
            at += length;
        }
    }

    Stored create(long size, String checksum) {
        return new Stored(size, checksum, String.format("\"%032x\"", etags.incrementAndGet()));
    }

    /** Returns the concatenation of the pieces; it has a checksum if each piece has one. */
    Stored concatenate(Collection<Stored> pieces) {
        long size = pieces.stream().mapToLong(Stored::size).sum();
        Crc32c whole = Crc32c.EMPTY;
        for (Stored piece : pieces) {
            if (piece.checksum().isEmpty()) {
                return create(size, "");
            }
            byte[] value = Base64.getDecoder().decode(piece.checksum());
            whole = whole.combine(new Crc32c(ByteBuffer.wrap(value).getInt()), piece.size());
        }
        return create(size, whole.base64());
    }

    void put(String path, Stored object) {
        objects.put(path, object);
    }

    /** Returns the uploaded object, or the served object if the key was never uploaded. */
    Stored get(String path) {
        return objects.getOrDefault(path, served);
    }

    boolean isUploaded(String path) {
        return objects.containsKey(path);
    }

    /** Removes an object and its traffic, as composite uploads delete hundreds of parts. */
    boolean remove(String path) {
        traffic.remove(path);
        return objects.remove(path) != null;
    }

    Traffic traffic(String path) {
        return traffic.getOrDefault(path, new Traffic(0, 0, ""));
    }

    void count(String path, Traffic more) {
        traffic.merge(path, more, Traffic::plus);
    }
}
