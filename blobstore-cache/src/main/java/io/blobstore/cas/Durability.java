package io.blobstore.cas;

/** What survives a power failure. A killed process never loses or damages an entry, whatever the durability. */
public enum Durability {
    /** Nothing is forced to the device: entries of the last minutes may be lost. Damaged ones are recognized. */
    NONE,
    /** The content is forced to the device before the entry becomes visible. */
    FILE,
    /** As {@link #FILE}, and the directory is forced before the put returns. */
    FULL
}
