package io.blobstore.zstd;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobStore;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.NullArguments;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests that each public method of this module names the argument that is null. */
class NullArgumentsTest {
    @Test
    void aNullArgumentIsNamed() throws IOException {
        List<Class<?>> types = NullArguments.publicTypes(CompressedBlobs.class).stream()
                .filter(type ->
                        type != CompressedBlob.class && type != CompressionResult.class) // created by this module
                .toList();
        try (BlobStore store = new InMemoryBlobStore();
                TransferManager transfers =
                        TransferManager.builder().executor(Runnable::run).build()) {
            assertThat(new NullArguments(store, transfers, CompressedBlobs.of(store)).unnamed(types))
                    .isEmpty();
        }
    }
}
