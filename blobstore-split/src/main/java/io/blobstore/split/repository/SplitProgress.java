package io.blobstore.split.repository;

/**
 * The progress of a split at one moment.
 *
 * @param bytesParsed the bytes of the source that were cut
 * @param totalBytes the size of the source; for a stream, {@link io.blobstore.transfer.TransferProgress#UNKNOWN} until
 *     it has ended
 * @param bytesInline the bytes that the stream holds itself
 * @param objectsPresent the objects that the repository had, or that occurred before in the same source
 * @param bytesPresent their bytes: what was not stored again
 * @param objectsStored the objects that were stored
 * @param bytesStored their bytes
 */
public record SplitProgress(
        long bytesParsed,
        long totalBytes,
        long bytesInline,
        long objectsPresent,
        long bytesPresent,
        long objectsStored,
        long bytesStored) {}
