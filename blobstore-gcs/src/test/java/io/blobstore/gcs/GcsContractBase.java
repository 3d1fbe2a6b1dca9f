package io.blobstore.gcs;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.contract.BlobStoreContract;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;

/**
 * The base of the contract's tests for all servers. Each test uses its own prefix in one bucket, whose blobs are
 * deleted afterwards.
 */
abstract class GcsContractBase extends BlobStoreContract {
    final String prefix = "contract-" + UUID.randomUUID() + "/";

    /** Returns a builder of stores in the bucket. */
    abstract GcsBlobStore.Builder builder();

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
        return (prefix + name).getBytes(StandardCharsets.UTF_8).length <= BlobKey.MAX_BYTES
                && name.indexOf('\r') < 0
                && name.indexOf('\n') < 0;
    }

    /** Returns more than 1000, the blobs in one page of Cloud Storage. */
    @Override
    protected int moreThanOnePage() {
        return 1050;
    }
}
