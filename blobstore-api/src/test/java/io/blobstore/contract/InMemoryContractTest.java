package io.blobstore.contract;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.StoreCapabilities;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** Runs the contract tests on the store in memory, with and without multipart uploads and preconditions. */
class InMemoryContractTest {
    @Nested
    class WithParts extends InMemoryContract {
        WithParts() {
            super(InMemoryBlobStore.DEFAULT_CAPABILITIES);
        }
    }

    @Nested
    class WithoutParts extends InMemoryContract {
        WithoutParts() {
            super(StoreCapabilities.builder()
                    .multipart(false)
                    .minPartSize(1)
                    .maxPartSize(1)
                    .maxParts(1)
                    .maxBlobSize(1 << 30)
                    .conditionalStore(StoreCapabilities.Support.NATIVE)
                    .presign(StoreCapabilities.Support.NONE)
                    .build());
        }
    }

    @Nested
    class WithoutConditions extends InMemoryContract {
        WithoutConditions() {
            super(StoreCapabilities.builder()
                    .minPartSize(1)
                    .maxPartSize(1 << 20)
                    .maxParts(100)
                    .maxBlobSize(1 << 26)
                    .conditionalStore(StoreCapabilities.Support.NONE)
                    .presign(StoreCapabilities.Support.NONE)
                    .build());
        }
    }

    abstract static class InMemoryContract extends BlobStoreContract {
        private final StoreCapabilities capabilities;
        private InMemoryBlobStore opened = new InMemoryBlobStore();

        InMemoryContract(StoreCapabilities capabilities) {
            this.capabilities = capabilities;
        }

        @Override
        protected BlobStore openStore(Path directory) {
            opened = new InMemoryBlobStore(capabilities);
            return opened;
        }

        @Override
        protected boolean damage(BlobKey key) throws IOException {
            opened.flipBit(key, 77);
            return true;
        }

        @Override
        protected List<String> leftovers() {
            return opened.openUploads();
        }
    }
}
