package io.blobstore.bench;

/** What a client does in one round. */
enum Operation {
    /** Uploads the content. */
    UPLOAD("Upload"),
    /** Reads the object in ranges into mapped memory with all pages present. */
    READ("Read into memory"),
    /** Downloads the object into a new file. */
    DOWNLOAD("Download into a new file"),
    /** Stores small objects, each with one request. */
    PUT("Small objects, put"),
    /** Reads small objects, each with one request, into existing memory. */
    GET("Small objects, get");

    /** The number of small objects in a round. */
    static final int OBJECTS = 1024;

    final String title;

    Operation(String title) {
        this.title = title;
    }

    boolean isUpload() {
        return this == UPLOAD || this == PUT;
    }

    boolean isOfSmallObjects() {
        return this == PUT || this == GET;
    }

    /** Returns whether the same code can be exercised with little content. */
    boolean canBeRehearsed() {
        return this == UPLOAD || this == READ || this == DOWNLOAD;
    }

    /** Returns the bytes that a round transfers of a content of the given size. */
    long bytesOf(long size) {
        return switch (this) {
            case PUT, GET -> OBJECTS * size;
            default -> size;
        };
    }
}
