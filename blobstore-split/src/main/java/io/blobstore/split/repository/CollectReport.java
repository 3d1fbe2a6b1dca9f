package io.blobstore.split.repository;

import java.util.List;

/**
 * What a garbage collection did, or would do.
 *
 * @param dryRun whether nothing was changed
 * @param objectsKept the objects to which something refers
 * @param objectsDeleted the objects that were deleted
 * @param bytesDeleted their bytes
 * @param objectsSpared the objects to which nothing refers, but that are too young, or were met for the first time
 * @param linksDeleted the paths of the links that were deleted, as nothing refers to them
 * @param foreign the paths of what is among the objects, but is none; it is not touched
 * @param broken why nothing could be deleted, for each broken stream or link: it is not known what they refer to
 */
public record CollectReport(
        boolean dryRun,
        long objectsKept,
        long objectsDeleted,
        long bytesDeleted,
        long objectsSpared,
        List<String> linksDeleted,
        List<String> foreign,
        List<String> broken) {
    /** Returns whether the collection was complete, and nothing unknown was found. */
    public boolean isClean() {
        return foreign.isEmpty() && broken.isEmpty();
    }

    /** Returns the report as a JSON object. */
    public String toJson() {
        return new JsonText()
                .add("dryRun", dryRun)
                .add("objectsKept", objectsKept)
                .add("objectsDeleted", objectsDeleted)
                .add("bytesDeleted", bytesDeleted)
                .add("objectsSpared", objectsSpared)
                .add("linksDeleted", linksDeleted)
                .add("foreign", foreign)
                .add("broken", broken)
                .end();
    }
}
