package io.blobstore.cli;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.zstd.CompressedBlobs;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/**
 * The options that say what is read of a compressed blob: by default its content, if its metadata says that it is
 * compressed, as {@code upload --compress} writes it.
 */
final class ContentOption {
    @ArgGroup(exclusive = true)
    Choice choice = new Choice();

    /** One of two. */
    static final class Choice {
        @Option(
                names = "--stored",
                description =
                        "Read a compressed blob as it is stored. Default: its content, by offsets of the content.")
        boolean stored;

        @Option(
                names = "--decompress",
                description = "Read the content of a blob that another program compressed, as a casblob or in the"
                        + " Zstandard seekable format; blobs of 'upload --compress' are recognized without this.")
        boolean decompress;
    }

    /** Returns whether the content of a compressed blob is wanted. */
    boolean isContent(BlobMetadata blob) {
        return choice.decompress
                || (!choice.stored && CompressedBlobs.formatOf(blob).isPresent());
    }

    /** Returns a view of the store for reading one blob, which has what is wanted of it. */
    BlobStore view(BlobStore store) {
        if (choice.stored) {
            return store;
        }
        return choice.decompress ? CompressedBlobs.of(store).contents() : new DetectedContent(store);
    }
}
