package io.blobstore.server.internal.grpc;

import io.blobstore.Sha256;
import io.blobstore.cas.Digest;
import java.util.List;
import java.util.Set;

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
    private static final Set<String> KEYWORDS = Set.of(BLOBS, COMPRESSED, UPLOADS);

    /** No name that a client has a reason to send is longer, in characters. */
    private static final int MAX_LENGTH = 4096;

    /**
     * Parses the name of a resource to read.
     *
     * @throws IllegalArgumentException if it is not one, with a message for the client
     */
    static ResourceName ofRead(String name) {
        List<String> segments = afterInstance(name);
        if (segments.isEmpty() || segments.size() > length(segments)) {
            throw invalid(name, "expected [INSTANCE/]blobs/HASH/SIZE or [INSTANCE/]compressed-blobs/zstd/HASH/SIZE");
        }
        return parse(name, segments);
    }

    /**
     * Parses the name of a resource to write.
     *
     * @throws IllegalArgumentException if it is not one, with a message for the client
     */
    static ResourceName ofWrite(String name) {
        List<String> segments = afterInstance(name);
        if (segments.size() < 2 || !segments.get(0).equals(UPLOADS)) {
            throw invalid(
                    name,
                    "expected [INSTANCE/]uploads/UUID/blobs/HASH/SIZE or"
                            + " [INSTANCE/]uploads/UUID/compressed-blobs/zstd/HASH/SIZE");
        }
        return parse(name, segments.subList(2, segments.size()));
    }

    /** Returns the segments from the first keyword on: none is a part of an instance's name. */
    private static List<String> afterInstance(String name) {
        if (name.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "invalid resource name: it has " + name.length() + " characters, more than " + MAX_LENGTH);
        }
        List<String> segments = List.of(name.split("/", -1));
        int keyword = 0;
        while (keyword < segments.size() && !KEYWORDS.contains(segments.get(keyword))) {
            keyword++;
        }
        return segments.subList(keyword, segments.size());
    }

    /** Returns how many segments there are without metadata. */
    private static int length(List<String> segments) {
        return segments.get(0).equals(COMPRESSED) ? 4 : 3;
    }

    /** Parses what begins with {@code blobs} or {@code compressed-blobs}. */
    private static ResourceName parse(String name, List<String> segments) {
        boolean compressed = !segments.isEmpty() && segments.get(0).equals(COMPRESSED);
        boolean plain = !segments.isEmpty() && segments.get(0).equals(BLOBS);
        if ((!compressed && !plain) || segments.size() < length(segments)) {
            throw invalid(name, "expected .../blobs/HASH/SIZE or .../compressed-blobs/zstd/HASH/SIZE");
        }
        if (compressed && !segments.get(1).equals(ZSTD)) {
            throw invalid(name, "expected zstd, the only compressor");
        }
        try {
            int hash = length(segments) - 2;
            Digest digest = new Digest(Sha256.parse(segments.get(hash)), size(segments.get(hash + 1)));
            return new ResourceName(digest, compressed);
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
