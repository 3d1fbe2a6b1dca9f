package io.blobstore.gcs.grpc;

/** Signals that a session has ended, or could not be opened, so that nothing can be read through it. */
final class SessionEndedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient SessionEnd end;

    SessionEndedException(SessionEnd end) {
        super(end.toString(), end.status().getCause());
        this.end = end;
    }

    SessionEnd end() {
        return end;
    }
}
