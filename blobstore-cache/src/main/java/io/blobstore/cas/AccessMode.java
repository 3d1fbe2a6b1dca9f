package io.blobstore.cas;

/** What other processes may do with the directory of a {@link ContentCache} meanwhile. */
public enum AccessMode {
    /** No other process has it open, except read-only ones. */
    EXCLUSIVE,
    /** Reads what others have put; puts, evicts and deletes nothing. */
    READ_ONLY,
    /** Several processes put and read; one of them evicts for all. */
    SHARED
}
