package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The uploaded objects by {@code /bucket/name}, without their content. Thread-safe. */
final class StoredObjects {
    /**
     * The known properties of an object or a part.
     *
     * @param checksum the CRC32C in Base64 as sent by the client, or empty: the server computes none, as that would
     *     take CPU from the measured client
     */
    record Stored(long size, String checksum, String etag) {}

    final Map<String, Stored> objects = new ConcurrentHashMap<>();
    private final ServedObject served;
    private final AtomicLong etags = new AtomicLong();

    StoredObjects(ServedObject served) {
        this.served = served;
    }

    Stored create(long size, String checksum) {
        return new Stored(size, checksum, String.format("\"%032x\"", etags.incrementAndGet()));
    }

    /** Returns the concatenation of the pieces; it has a checksum if each piece has one. */
    Stored concatenate(Collection<Stored> pieces) {
        long size = pieces.stream().mapToLong(Stored::size).sum();
        if (pieces.stream().anyMatch(piece -> piece.checksum().isEmpty())) {
            return create(size, "");
        }
        Crc32c whole = Crc32c.EMPTY;
        for (Stored piece : pieces) {
            byte[] value = Base64.getDecoder().decode(piece.checksum());
            whole = whole.combine(new Crc32c(ByteBuffer.wrap(value).getInt()), piece.size());
        }
        return create(size, whole.base64());
    }

    /** Returns the uploaded object, or the served object if the key was never uploaded. */
    Stored get(String path) {
        return objects.getOrDefault(path, served.asStored());
    }
}
