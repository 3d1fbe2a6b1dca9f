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
 * The base of the contract's tests for all servers. Each test uses its own prefix in one bucket, whose blobs are
 * deleted afterwards.
 */
abstract class S3ContractBase extends BlobStoreContract {
    private final String prefix = "contract-" + UUID.randomUUID() + "/";

    /** Returns a builder of stores in the bucket. */
    abstract S3BlobStore.Builder builder();

    /** Returns the bucket, to inspect it without the store. */
    abstract TestBucket bucket();

    @Override
    protected BlobStore openStore(Path directory) throws IOException {
        return builder().prefix(prefix).open();
    }

    @AfterEach
    void deleteBlobs() throws IOException {
        try (BlobStore direct = builder().open()) {
            direct.deleteAll(prefix);
        }
    }

    @Override
    protected boolean supportsKey(String name) {
        return (prefix + name).getBytes(StandardCharsets.UTF_8).length <= BlobKey.MAX_BYTES;
    }

    /** Returns whether a server that stores blobs as files can have a file for this key. */
    static boolean isPlainPath(String name) {
        return List.of(name.split("/", -1)).stream()
                .allMatch(segment -> !segment.isEmpty()
                        && !segment.equals(".")
                        && !segment.equals("..")
                        && segment.getBytes(StandardCharsets.UTF_8).length <= 255);
    }

    /** Returns false, as equal content has equal ETags. */
    @Override
    protected boolean distinguishesEqualContent() {
        return false;
    }

    /** Returns more than 1000, the blobs in one page of S3. */
    @Override
    protected int moreThanOnePage() {
        return 1050;
    }

    @Override
    protected List<String> leftovers() {
        return bucket().uploads(prefix);
    }
}
