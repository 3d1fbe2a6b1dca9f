package io.blobstore;

/**
 * What a store can do, and its limits. Sizes in bytes.
 *
 * @param multipart whether it takes blobs in parts; otherwise large blobs are stored in one request
 * @param minPartSize the smallest part, but for the last
 * @param maxPartSize the largest part
 * @param maxParts the most parts of one blob
 * @param maxBlobSize the largest blob
 * @param conditionalStore whether, and by whom, {@link Precondition}s are enforced
 * @param presign whether it makes presigned URLs
 */
public record StoreCapabilities(
        boolean multipart,
        long minPartSize,
        long maxPartSize,
        int maxParts,
        long maxBlobSize,
        Support conditionalStore,
        Support presign) {

    /** How a store supports a feature. */
    public enum Support {
        /** The store itself does it, atomically. */
        NATIVE,
        /** The library does it with other means of the store; the store's documentation says what that guarantees. */
        EMULATED,
        /** It does not; calls for it throw {@link UnsupportedOperationException}. */
        NONE
    }
}
