package io.blobstore.gcs;

import io.blobstore.BlobKey;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.Operation;
import io.blobstore.http.objects.ObjectNames;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Maps keys to names that Cloud Storage allows, and reserves names for hidden objects, which listings omit. */
final class GcsObjectNames extends ObjectNames {
    private static final String HIDDEN = ".blobstore-unpublished/";
    private static final String UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    private static final int UUID_LENGTH = 36;
    private static final Pattern HIDDEN_ID =
            Pattern.compile(Pattern.quote(HIDDEN) + "(" + UUID + ")(?:/(.+)|#([0-9]{1,18}))");

    GcsObjectNames(String prefix) {
        super(prefix);
    }

    @Override
    public String objectOf(Operation operation, BlobKey key) throws InvalidBlobKeyException {
        String object = super.objectOf(operation, key);
        if (key.toString().startsWith(HIDDEN)) {
            throw new InvalidBlobKeyException(operation, key, "keys that begin with " + HIDDEN + " are reserved");
        }
        if (object.equals(".") || object.equals("..") || object.startsWith(".well-known/acme-challenge/")) {
            throw new InvalidBlobKeyException(operation, key, "Cloud Storage does not allow this name");
        }
        if (object.indexOf('\r') >= 0 || object.indexOf('\n') >= 0) {
            throw new InvalidBlobKeyException(operation, key, "Cloud Storage does not allow line breaks in a name");
        }
        return object;
    }

    // ---- hidden objects: a prefix that no key has, a UUID, and the key if the name does not become too long

    /** Returns the prefix of all hidden objects. */
    String hiddenPrefix() {
        return prefix() + HIDDEN;
    }

    /** Returns a name that no key can have, and that listings omit. */
    String hiddenObject(String uuid, BlobKey key) {
        String object = hiddenPrefix() + uuid + "." + key;
        boolean fits = object.getBytes(StandardCharsets.UTF_8).length <= BlobKey.MAX_BYTES;
        return fits ? object : hiddenPrefix() + uuid;
    }

    /** Returns the key for which a hidden object was created; without the store's prefix, its own name if unknown. */
    BlobKey keyOfHidden(String object) {
        int end = hiddenPrefix().length() + UUID_LENGTH;
        boolean named = object.length() > end + 1 && object.charAt(end) == '.';
        return BlobKey.of(object.substring(named ? end + 1 : prefix().length()));
    }

    /**
     * Returns the id of an upload: the server's, and for a hidden object also the UUID, without which the object's name
     * is not known.
     */
    String uploadId(String object, String serverId) {
        return uuidOf(object).map(uuid -> HIDDEN + uuid + "/" + serverId).orElse(serverId);
    }

    /** Returns the id by which a hidden object is deleted: an upload that was completed but not published. */
    Optional<String> unpublishedId(String object, long generation) {
        return uuidOf(object).map(uuid -> HIDDEN + uuid + "#" + generation);
    }

    private Optional<String> uuidOf(String object) {
        int start = hiddenPrefix().length();
        return object.startsWith(hiddenPrefix()) && object.length() >= start + UUID_LENGTH
                ? Optional.of(object.substring(start, start + UUID_LENGTH)).filter(text -> text.matches(UUID))
                : Optional.empty();
    }

    /**
     * An upload on the server.
     *
     * @param object the name of the object
     * @param serverId the server's id, or the generation of an unpublished object
     */
    record Target(String object, String serverId, boolean unpublished) {}

    /**
     * Returns the upload that a key and an id of this store identify.
     *
     * @throws InvalidBlobKeyException if the server does not allow the key
     */
    Target target(Operation operation, BlobKey key, String id) throws InvalidBlobKeyException {
        Matcher hidden = HIDDEN_ID.matcher(id);
        if (!hidden.matches()) {
            return new Target(objectOf(operation, key), id, false);
        }
        String object = key.toString().startsWith(HIDDEN) ? prefix() + key : hiddenObject(hidden.group(1), key);
        return hidden.group(2) == null
                ? new Target(object, hidden.group(3), true)
                : new Target(object, hidden.group(2), false);
    }

    @Override
    public Optional<String> nameOf(String object) {
        return super.nameOf(object).filter(name -> !name.startsWith(HIDDEN));
    }
}
