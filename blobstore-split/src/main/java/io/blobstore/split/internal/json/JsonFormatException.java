package io.blobstore.split.internal.json;

/** Signals text that is no JSON, or not the JSON that was expected. */
public final class JsonFormatException extends Exception {
    private static final long serialVersionUID = 1L;

    JsonFormatException(String problem) {
        super(problem);
    }
}
