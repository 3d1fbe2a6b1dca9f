package io.blobstore.directory;

/** What happens to the other files when one file fails. */
public enum FailureMode {
    /** The transfer stops, and fails with the file's exception. Files that were transferred by then stay. */
    STOP,
    /**
     * The transfer goes on, and succeeds with a {@link DirectoryResult} that has the failures; call
     * {@link DirectoryResult#throwIfFailed()}. Failures of the store as a whole, such as a missing bucket or a full
     * disk, stop the transfer nevertheless.
     */
    CONTINUE
}
