package io.blobstore.split.repository;

/** Names the part of the source at which a split failed; suppressed in the failure, whose type is the store's. */
final class PartFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private PartFailure(String message) {
        super(message, null, false, false);
    }

    /** Adds the part to a failure. */
    static void addTo(Throwable failure, SplitItem.ExternalPart part) {
        failure.addSuppressed(new PartFailure("while " + part + " was processed"));
    }
}
