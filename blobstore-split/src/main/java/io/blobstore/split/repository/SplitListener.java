package io.blobstore.split.repository;

/** Receives the progress of a split, on its worker's thread. What it throws is ignored. */
@FunctionalInterface
public interface SplitListener {
    /** A no-op listener. */
    SplitListener NONE = progress -> {};

    /** Receives the progress; the numbers never decrease. */
    void onProgress(SplitProgress progress);
}
