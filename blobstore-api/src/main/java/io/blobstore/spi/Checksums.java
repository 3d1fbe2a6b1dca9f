package io.blobstore.spi;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import java.util.Optional;

/**
 * Compares checksums of content with those that the server reports. A checksum that the server does not report is not
 * compared.
 */
public final class Checksums {
    private Checksums() {}

    /**
     * Compares the checksum of the content that the server received with that of the content that was sent.
     *
     * @throws IntegrityException if they differ
     */
    public static void requireReceived(Operation operation, BlobKey key, Optional<Crc32c> received, Crc32c sent)
            throws IntegrityException {
        if (received.isPresent() && !received.get().equals(sent)) {
            throw new IntegrityException(
                    operation, key, "the server received " + received.get() + ", but " + sent + " was sent", null);
        }
    }

    /**
     * Compares the checksum of a whole blob that was read with that of the stored content.
     *
     * @throws IntegrityException if they differ
     */
    public static void requireStored(Operation operation, BlobMetadata blob, Crc32c actual) throws IntegrityException {
        Optional<Crc32c> stored = blob.checksum();
        if (stored.isPresent() && !stored.get().equals(actual)) {
            throw new IntegrityException(
                    operation,
                    blob.key(),
                    "its content has " + actual + ", but was stored with " + stored.get()
                            + "; read again, and if that fails too, store it again",
                    null);
        }
    }

    /**
     * Compares the checksum of a copy with that of its source.
     *
     * @throws IntegrityException if they differ
     */
    public static void requireCopied(Operation operation, BlobMetadata source, Optional<Crc32c> copied)
            throws IntegrityException {
        if (copied.isPresent()
                && source.checksum().filter(crc -> !crc.equals(copied.get())).isPresent()) {
            throw new IntegrityException(
                    operation,
                    source.key(),
                    "the copy has " + copied.get() + ", the original "
                            + source.checksum().get(),
                    null);
        }
    }
}
