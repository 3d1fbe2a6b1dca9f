package io.blobstore.server.internal.grpc;

import io.blobstore.Sha256;
import io.blobstore.cas.Digest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A resource of ByteStream, as the Remote Execution API names content.
 *
 * <pre>
 * read:   [instance/]blobs/HASH/SIZE             [instance/]compressed-blobs/zstd/HASH/SIZE
 * write:  [instance/]uploads/UUID/blobs/HASH/SIZE[/metadata], and compressed-blobs likewise
 * </pre>
 *
 * An instance may have several segments; it is ignored, as one server has one cache.
 *
 * @param digest what is read or written
 * @param compressed whether the bytes that travel are zstd frames
 */
record ResourceName(Digest digest, boolean compressed) {
    private static final String BLOBS = "blobs";
    private static final String COMPRESSED = "compressed-blobs";
    private static final String UPLOADS = "uploads";
    private static final String ZSTD = "zstd";

    /** No name that a client has a reason to send is longer, in characters. */
    private static final int MAX_LENGTH = 4096;

    /**
     * Parses the name of a resource to read.
     *
     * @throws IllegalArgumentException if it is not one, with a message for the client
     */
    static ResourceName ofRead(String name) {
        List<String> segments = segments(name);
        for (int i = 0; i < segments.size(); i++) {
            if (isKind(segments.get(i))) {
                ResourceName parsed = parse(name, segments.subList(i, segments.size()), false);
                if (parsed != null) {
                    return parsed;
                }
            }
        }
        throw invalid(name, "expected [INSTANCE/]blobs/HASH/SIZE or [INSTANCE/]compressed-blobs/zstd/HASH/SIZE");
    }

    /**
     * Parses the name of a resource to write.
     *
     * @throws IllegalArgumentException if it is not one, with a message for the client
     */
    static ResourceName ofWrite(String name) {
        List<String> segments = segments(name);
        for (int i = 0; i + 2 < segments.size(); i++) {
            if (segments.get(i).equals(UPLOADS) && isKind(segments.get(i + 2))) {
                ResourceName parsed = parse(name, segments.subList(i + 2, segments.size()), true);
                if (parsed != null) {
                    return parsed;
                }
            }
        }
        throw invalid(
                name,
                "expected [INSTANCE/]uploads/UUID/blobs/HASH/SIZE or"
                        + " [INSTANCE/]uploads/UUID/compressed-blobs/zstd/HASH/SIZE");
    }

    private static List<String> segments(String name) {
        if (name.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "resource names have at most " + MAX_LENGTH + " characters; got " + name.length());
        }
        return List.of(name.split("/", -1));
    }

    private static boolean isKind(String segment) {
        return segment.equals(BLOBS) || segment.equals(COMPRESSED);
    }

    /** Parses what begins with {@code blobs} or {@code compressed-blobs}; null if there are not enough segments. */
    private static @Nullable ResourceName parse(
            String name, List<String> segments, boolean metadata) {
        boolean compressed = segments.get(0).equals(COMPRESSED);
        int hash = compressed ? 2 : 1;
        if (segments.size() < hash + 2 || (segments.size() > hash + 2 && !metadata)) {
            return null;
        }
        if (compressed && !segments.get(1).equals(ZSTD)) {
            throw invalid(name, "the only compressor is zstd");
        }
        try {
            return new ResourceName(
                    new Digest(Sha256.parse(segments.get(hash)), size(segments.get(hash + 1))), compressed);
        } catch (IllegalArgumentException e) {
            throw invalid(name, String.valueOf(e.getMessage()));
        }
    }

    private static long size(String text) {
        if (text.isEmpty() || text.length() > 19 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException("a size is a number of bytes");
        }
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("the size is too large", e);
        }
    }

    private static IllegalArgumentException invalid(String name, String expected) {
        return new IllegalArgumentException("invalid resource name '" + name + "': " + expected);
    }
}
