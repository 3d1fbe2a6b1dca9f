package io.blobstore.gcs;

import io.blobstore.BlobKey;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.Operation;
import io.blobstore.http.objects.ObjectNames;
import java.util.Optional;

/** Maps keys to names that Cloud Storage allows, and reserves names for hidden objects, which listings omit. */
final class GcsObjectNames extends ObjectNames {
    private static final String HIDDEN = ".blobstore-unpublished/";

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

    /** Returns a name that no key can have, and that listings omit. */
    String hiddenObject(String unique) {
        return prefix() + HIDDEN + unique;
    }

    @Override
    public Optional<String> nameOf(String object) {
        return super.nameOf(object).filter(name -> !name.startsWith(HIDDEN));
    }
}
