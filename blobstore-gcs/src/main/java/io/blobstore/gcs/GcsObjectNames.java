package io.blobstore.gcs;

import io.blobstore.BlobKey;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.Operation;
import io.blobstore.http.objects.ObjectNames;
import java.util.Optional;

/** Maps keys to the names that Cloud Storage allows, and reserves names for objects that listings omit. */
final class GcsObjectNames extends ObjectNames {
    private static final String HIDDEN = ".blobstore-unpublished/";

    GcsObjectNames(String prefix) {
        super(prefix);
    }

    @Override
    public String objectOf(Operation operation, BlobKey key) throws InvalidBlobKeyException {
        String object = super.objectOf(operation, key);
        if (key.toString().startsWith(HIDDEN)) {
            throw new InvalidBlobKeyException(
                    operation, key, "keys that begin with " + HIDDEN + " are the library's own");
        }
        if (object.equals(".") || object.equals("..") || object.startsWith(".well-known/acme-challenge/")) {
            throw new InvalidBlobKeyException(operation, key, "Cloud Storage does not allow that name");
        }
        if (object.indexOf('\r') >= 0 || object.indexOf('\n') >= 0) {
            throw new InvalidBlobKeyException(operation, key, "Cloud Storage does not allow line ends in a name");
        }
        return object;
    }

    /** Returns a name that no key has, and that listings omit. */
    String hiddenObject(String unique) {
        return prefix() + HIDDEN + unique;
    }

    @Override
    public Optional<String> nameOf(String object) {
        return super.nameOf(object).filter(name -> !name.startsWith(HIDDEN));
    }
}
