package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.zstd.CompressedBlobs;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Shows the content of one blob if its metadata says that it is compressed, and the blob as it is stored otherwise.
 * Asks for the metadata with the first read: the target was opened by then. Thread-safe; threads may ask at the same
 * time.
 */
final class DetectedContent extends ForwardingBlobStore {
    private volatile @Nullable BlobStore detected;

    DetectedContent(BlobStore store) {
        super(store);
    }

    private BlobStore view(BlobKey key) throws IOException {
        BlobStore view = detected;
        return view != null ? view : detect(super.head(key));
    }

    private BlobStore detect(BlobMetadata stored) {
        boolean compressed = CompressedBlobs.formatOf(stored).isPresent();
        BlobStore view = compressed ? CompressedBlobs.of(delegate()).contents() : delegate();
        detected = view;
        return view;
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        return view(key).head(key);
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        return view(key).read(key, range, target, options);
    }
}
