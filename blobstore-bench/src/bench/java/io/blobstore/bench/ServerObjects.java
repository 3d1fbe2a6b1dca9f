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
import java.util.concurrent.atomic.LongAdder;

/**
 * The objects of the server by {@code /bucket/name}, and their traffic. Uploaded objects have no content; every read
 * returns the same content: a file, or one random block, repeated up to the size. A catalog has uploaded objects only,
 * and nothing to read. Thread-safe.
 */
final class ServerObjects {
    static final int BLOCK = 8 << 20;

    /** The number of bytes that are counted as sent before they are written. */
    private static final int PIECE = 256 << 10;

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

    /**
     * The requests for all objects.
     *
     * @param heads bytes of first lines and headers
     * @param bodies bytes of bodies
     */
    record Received(long requests, long heads, long bodies) {
        /** Returns what was received since an earlier state. */
        Received since(Received earlier) {
            return new Received(requests - earlier.requests, heads - earlier.heads, bodies - earlier.bodies);
        }
    }

    final Stored served;
    private final boolean isCatalog;
    private final ByteBuffer block;
    private final Map<String, Stored> objects = new ConcurrentHashMap<>();
    private final Map<String, Traffic> traffic = new ConcurrentHashMap<>();
    private final AtomicLong etags = new AtomicLong();
    private final LongAdder requests = new LongAdder();
    private final LongAdder heads = new LongAdder();
    private final LongAdder bodies = new LongAdder();
    private final LongAdder sent = new LongAdder();

    private ServerObjects(ByteBuffer block, Stored served, boolean isCatalog) {
        this.block = block;
        this.served = served;
        this.isCatalog = isCatalog;
    }

    /** Creates the objects of a catalog, none. */
    static ServerObjects catalog() {
        return new ServerObjects(ByteBuffer.allocateDirect(1), new Stored(0, "", ""), true);
    }

    /** Creates objects of which the served one has random content. */
    static ServerObjects random(long size) {
        byte[] bytes = new byte[BLOCK];
        new Random(size).nextBytes(bytes);
        ByteBuffer block = ByteBuffer.allocateDirect(BLOCK).put(bytes).flip();
        Crc32c whole = Crc32c.EMPTY;
        Crc32c ofBlock = Crc32c.of(block);
        for (long at = 0; at < size; at += BLOCK) {
            int length = (int) Math.min(BLOCK, size - at);
            whole = whole.combine(length == BLOCK ? ofBlock : Crc32c.of(block.slice(0, length)), length);
        }
        return new ServerObjects(block, new Stored(size, whole.base64(), "\"served\""), false);
    }

    /** Creates objects of which the served one is a file of less than 2 GiB. */
    static ServerObjects file(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer block = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            Stored served = new Stored(block.capacity(), Crc32c.of(block).base64(), "\"served\"");
            return new ServerObjects(block, served, false);
        }
    }

    /** Writes the served bytes from one offset to another. */
    void write(NetConnection connection, long from, long to) throws IOException {
        for (long at = from; at < to; ) {
            int offset = (int) (at % block.capacity());
            int length = (int) Math.min(Math.min(PIECE, block.capacity() - offset), to - at);
            sent.add(length);
            connection.write(block.slice(offset, length));
            at += length;
        }
    }

    /** Returns the bytes of content that were sent, whether clients have read them or not. */
    long sent() {
        return sent.sum();
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

    /** Puts an object unless there is one; returns whether it did. */
    boolean putIfAbsent(String path, Stored object) {
        return objects.putIfAbsent(path, object) == null;
    }

    /** Returns whether there is an object, of which a catalog has no content. */
    boolean exists(String path) {
        return !isCatalog || objects.containsKey(path);
    }

    boolean isCatalog() {
        return isCatalog;
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
        if (!isCatalog) { // it may have millions of objects
            traffic.merge(path, more, Traffic::plus);
        }
    }

    /** Counts a request of any object. */
    void countRequest(long head, long body) {
        requests.increment();
        heads.add(head);
        bodies.add(body);
    }

    Received received() {
        return new Received(requests.sum(), heads.sum(), bodies.sum());
    }
}
