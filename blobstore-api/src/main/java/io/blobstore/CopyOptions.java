package io.blobstore;

import java.util.Optional;

/**
 * How to copy a blob.
 *
 * @param sourceVersion copy this version only
 * @param precondition what must hold of the target when it becomes visible
 */
public record CopyOptions(Optional<BlobVersion> sourceVersion, Precondition precondition) {
    /** Whatever version is there, over whatever is at the target. */
    public static final CopyOptions DEFAULT = new CopyOptions(Optional.empty(), Precondition.none());

    /** The same, with a condition on the source. */
    public CopyOptions withSourceVersion(BlobVersion version) {
        return new CopyOptions(Optional.of(version), precondition);
    }

    /** The same, with a condition on the target. */
    public CopyOptions withPrecondition(Precondition condition) {
        return new CopyOptions(sourceVersion, condition);
    }
}
