package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The objects that were uploaded, by {@code /bucket/name}, without their content. Thread-safe. */
final class StoredObjects {
    /**
     * What is known of an object, or of a part of one.
     *
     * @param checksum its CRC32C in Base64, if the client told it: computing it would cost the machine what is measured
     */
    record Stored(long size, Optional<String> checksum, String etag) {
        /** What pieces are together, one after the other. It has a checksum if each of them has one. */
        static Stored concatenation(Collection<Stored> pieces, String etag) {
            long size = 0;
            Optional<Crc32c> whole = Optional.of(Crc32c.EMPTY);
            for (Stored piece : pieces) {
                size += piece.size();
                whole = whole.flatMap(
                        before -> piece.checksum().map(value -> before.combine(decode(value), piece.size())));
            }
            return new Stored(size, whole.map(Crc32c::base64), etag);
        }

        private static Crc32c decode(String base64) {
            return new Crc32c(
                    ByteBuffer.wrap(Base64.getDecoder().decode(base64)).getInt());
        }
    }

    private final AtomicLong etags = new AtomicLong();
    private final Map<String, Stored> objects = new ConcurrentHashMap<>();

    /** An ETag that no other object has. */
    String newEtag() {
        return String.format("\"%032x\"", etags.incrementAndGet());
    }

    void put(String path, Stored object) {
        objects.put(path, object);
    }

    Optional<Stored> find(String path) {
        return Optional.ofNullable(objects.get(path));
    }

    /** Whether it was there. */
    boolean remove(String path) {
        return objects.remove(path) != null;
    }
}
