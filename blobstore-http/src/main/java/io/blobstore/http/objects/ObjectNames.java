package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.Operation;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Maps the keys of a store to the names of objects in its bucket, with a prefix, and back. Immutable. */
public class ObjectNames {
    private final String prefix;

    /** Creates a mapping; the prefix may be empty. */
    public ObjectNames(String prefix) {
        this.prefix = prefix;
    }

    /** Returns the prefix of all objects of the store. */
    public final String prefix() {
        return prefix;
    }

    /**
     * Returns the name of a blob's object.
     *
     * @throws InvalidBlobKeyException if the server does not allow the name
     */
    public String objectOf(Operation operation, BlobKey key) throws InvalidBlobKeyException {
        String object = prefix + key;
        int bytes = object.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > BlobKey.MAX_BYTES) {
            throw new InvalidBlobKeyException(
                    operation,
                    key,
                    "with the store's prefix it has " + bytes + " bytes; at most " + BlobKey.MAX_BYTES
                            + " are allowed");
        }
        return object;
    }

    /** Returns an object's name without the prefix; empty if the object does not belong to the store. */
    public Optional<String> nameOf(String object) {
        return object.startsWith(prefix) && object.length() > prefix.length()
                ? Optional.of(object.substring(prefix.length()))
                : Optional.empty();
    }
}
