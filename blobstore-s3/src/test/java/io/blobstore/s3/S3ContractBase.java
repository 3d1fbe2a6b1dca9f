package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.contract.BlobStoreContract;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;

/**
 * What the contract's tests share, whichever server they run against. Each test keeps to a prefix of its own in one
 * bucket, and what is under it is deleted afterwards.
 */
abstract class S3ContractBase extends BlobStoreContract {
    private final String prefix = "contract-" + UUID.randomUUID() + "/";

    /** A builder of stores in the bucket. */
    abstract S3BlobStore.Builder builder();

    /** The bucket, to be looked at around the store. */
    abstract TestBucket bucket();

    @Override
    protected BlobStore openStore(Path directory) throws IOException {
        return builder().prefix(prefix).open();
    }

    @AfterEach
    void deleteWhatIsLeft() throws IOException {
        try (BlobStore around = builder().open()) {
            around.deleteAll(prefix);
        }
    }

    @Override
    protected boolean supportsKey(String name) {
        return (prefix + name).getBytes(StandardCharsets.UTF_8).length <= BlobKey.MAX_BYTES;
    }

    /** Whether a server that keeps blobs as files can have a file for this key. */
    static boolean isPlainPath(String name) {
        return List.of(name.split("/", -1)).stream()
                .allMatch(segment -> !segment.isEmpty()
                        && !segment.equals(".")
                        && !segment.equals("..")
                        && segment.getBytes(StandardCharsets.UTF_8).length <= 255);
    }

    /** Equal content has equal ETags. */
    @Override
    protected boolean distinguishesEqualContent() {
        return false;
    }

    /** S3 lists 1000 at a time. */
    @Override
    protected int moreThanOnePage() {
        return 1050;
    }

    @Override
    protected List<String> leftovers() {
        return bucket().uploads(prefix);
    }
}
