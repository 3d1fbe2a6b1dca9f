package io.blobstore;

import java.util.Optional;

/**
 * How to read a blob.
 *
 * @param ifMatch read this version only, and fail with {@link PreconditionFailedException} if it is no longer there:
 *     what makes the pieces of a parallel read belong together
 */
public record ReadOptions(Optional<BlobVersion> ifMatch) {
    /** Whatever version is there. */
    public static final ReadOptions DEFAULT = new ReadOptions(Optional.empty());

    /** Only this version. */
    public static ReadOptions ifMatch(BlobVersion version) {
        return new ReadOptions(Optional.of(version));
    }
}
