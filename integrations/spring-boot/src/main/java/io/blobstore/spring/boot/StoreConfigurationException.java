package io.blobstore.spring.boot;

/** Signals that a store in the properties could not be opened. {@link StoreFailureAnalyzer} explains it to the user. */
final class StoreConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String store;
    private final String scheme;

    /** Creates an exception whose message has no part of the URI, which may be malformed and contain a secret. */
    StoreConfigurationException(String store, String uri, Exception cause) {
        super("the store '" + store + "' cannot be opened: " + cause.getMessage(), cause);
        this.store = store;
        this.scheme = uri.replaceFirst("(?s):.*", "");
    }

    /** Returns the name of the store. */
    String store() {
        return store;
    }

    /** Returns what precedes the first ':' of the URI; the whole text if there is none. */
    String scheme() {
        return scheme;
    }
}
