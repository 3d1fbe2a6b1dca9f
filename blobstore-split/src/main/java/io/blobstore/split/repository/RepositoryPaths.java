package io.blobstore.split.repository;

import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;

/**
 * Paths below the root of a repository, and the relative texts that links consist of. Nothing here leads out of the
 * repository.
 */
final class RepositoryPaths {
    static final String OBJECTS = "objects/";
    static final String STREAMS = "streams/";
    static final String STREAM_REFS = "streams/refs/";
    static final String IMAGES = "images/";
    static final String IMAGE_REFS = "images/refs/";

    /** The longest name of a file on common file systems, in bytes. */
    private static final int MAX_SEGMENT = 255;

    /** The longest text of a link: as long as a path may be on Linux. */
    static final int MAX_TEXT = 4096;

    private RepositoryPaths() {}

    static String object(ObjectId id) {
        return OBJECTS.concat(id.path());
    }

    /** Returns the object at a path; empty if the path is not that of an object. */
    static Optional<ObjectId> objectAt(ObjectHash hash, String path) {
        String rest = path.startsWith(OBJECTS) ? path.substring(OBJECTS.length()) : "";
        if (rest.length() != 2 * hash.bytes() + 1 || rest.charAt(2) != '/') {
            return Optional.empty();
        }
        String hex = rest.substring(0, 2) + rest.substring(3);
        return ObjectId.isId(hash, hex) ? Optional.of(ObjectId.parse(hash, hex)) : Optional.empty();
    }

    /** Returns the path of a stream's link. */
    static String stream(String name) {
        if (name.equals("refs")) {
            throw new IllegalArgumentException("'refs' cannot be the name of a stream");
        }
        requireSegment(name, name);
        return STREAMS + name;
    }

    /** Returns the path of a ref's link. */
    static String ref(String ref) {
        for (String segment : ref.split("/", -1)) {
            requireSegment(segment, ref);
        }
        return STREAM_REFS + ref;
    }

    private static void requireSegment(String segment, String name) {
        boolean valid = !segment.isEmpty()
                && !segment.equals(".")
                && !segment.equals("..")
                && segment.indexOf('/') < 0
                && segment.chars().noneMatch(Character::isISOControl)
                && StandardCharsets.UTF_8.newEncoder().canEncode(segment)
                && segment.getBytes(StandardCharsets.UTF_8).length <= MAX_SEGMENT;
        if (!valid) {
            throw new IllegalArgumentException("'" + name
                    + "' is no valid name: a stream's name has no slash, a ref's name has parts between slashes;"
                    + " each has 1 to " + MAX_SEGMENT + " bytes, is not '.' or '..', and has no control characters");
        }
    }

    /**
     * Returns the text of a link, relative to its directory, as composefs writes it.
     *
     * @param name the path of the link
     * @param target the path that it leads to
     */
    static String text(String name, String target) {
        String[] from = name.split("/", -1);
        String[] to = target.split("/", -1);
        int common = 0;
        while (common < from.length - 1 && common < to.length - 1 && from[common].equals(to[common])) {
            common++;
        }
        return "../".repeat(from.length - 1 - common) + String.join("/", Arrays.copyOfRange(to, common, to.length));
    }

    /**
     * Returns the path that a link leads to.
     *
     * @param name the path of the link
     * @param text its text
     * @throws DamagedLinkException if it leads out of the repository
     */
    static String resolve(String name, String text) throws DamagedLinkException {
        Deque<String> path = new ArrayDeque<>(Arrays.asList(name.split("/", -1)));
        path.removeLast();
        for (String segment : text.split("/", -1)) {
            if (segment.equals("..") ? path.pollLast() == null : segment.isEmpty() || segment.equals(".")) {
                throw new DamagedLinkException(name, "leads out of the repository: '" + text + "'", null);
            }
            if (!segment.equals("..")) {
                path.addLast(segment);
            }
        }
        return String.join("/", path);
    }
}
