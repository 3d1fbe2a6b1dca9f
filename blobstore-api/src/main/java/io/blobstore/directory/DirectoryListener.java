package io.blobstore.directory;

import io.blobstore.transfer.TransferListener;

/**
 * Receives the progress of a directory transfer, and the outcome of each file. Called as a {@link TransferListener} is:
 * one call at a time, by the transfer's own threads, so it must not block. A part of the progress is a file; the totals
 * are unknown until the last file was found.
 */
public interface DirectoryListener extends TransferListener {
    /** A no-op listener. */
    DirectoryListener NONE = new DirectoryListener() {};

    /** Called when a file was transferred, found to be unchanged, deleted, or has failed. */
    default void onFile(FileResult file) {}
}
