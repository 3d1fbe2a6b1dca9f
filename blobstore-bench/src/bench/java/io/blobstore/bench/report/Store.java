package io.blobstore.bench.report;

/** Whose clients are compared with each other. */
public enum Store {
    S3("S3", "BLOBSTORE"),
    CLOUD_STORAGE("Cloud Storage", "GCS_BLOBSTORE");

    /** The loop written by hand, below which no client is expected to come. */
    static final String FLOOR = "HAND_ROLLED";

    final String title;
    /** This library, as the others are to be compared with it. */
    final String subject;

    Store(String title, String subject) {
        this.title = title;
        this.subject = subject;
    }

    static Store of(String client) {
        return client.startsWith("GCS_") ? CLOUD_STORAGE : S3;
    }

    Role roleOf(String client) {
        if (client.equals(subject)) {
            return Role.SUBJECT;
        }
        return client.equals(FLOOR) ? Role.FLOOR : Role.PEER;
    }

    /** What a client is in a comparison, and so how it is drawn. */
    enum Role {
        SUBJECT,
        PEER,
        FLOOR
    }
}
