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
 * What the contract's tests share, whichever server they run against. Each test keeps to a prefix of its own in one
 * bucket, and what is under it is deleted afterwards.
 */
abstract class GcsContractBase extends BlobStoreContract {
    final String prefix = "contract-" + UUID.randomUUID() + "/";

    /** A builder of stores in the bucket. */
    abstract GcsBlobStore.Builder builder();

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
        return (prefix + name).getBytes(StandardCharsets.UTF_8).length <= BlobKey.MAX_BYTES
                && name.indexOf('\r') < 0
                && name.indexOf('\n') < 0;
    }

    /** Cloud Storage lists 1000 at a time. */
    @Override
    protected int moreThanOnePage() {
        return 1050;
    }
}
