package io.blobstore.server.internal.http;

import io.blobstore.Sha256;
import java.util.List;

/**
 * Entity tags of content: its hash. Strong for the content as it is, and weak for its zstd frames, which may be other
 * bytes each time that the content is stored.
 */
final class EntityTags {
    private EntityTags() {}

    static String strong(Sha256 hash) {
        return '"' + hash.hex() + '"';
    }

    static String weak(Sha256 hash) {
        return "W/" + strong(hash);
    }

    /** Returns whether header fields {@code If-None-Match} name content. */
    static boolean anyMatches(List<String> fields, Sha256 hash) {
        for (String field : fields) {
            for (String part : field.split(",", -1)) {
                String tag = part.strip();
                if (tag.equals("*") || (tag.startsWith("W/") ? tag.substring(2) : tag).equals(strong(hash))) {
                    return true;
                }
            }
        }
        return false;
    }
}
