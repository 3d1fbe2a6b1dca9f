package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.NullArguments;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.BlobWriter;
import io.blobstore.transfer.ContentGenerator;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that each public method of this module names the argument that is null. */
class NullArgumentsTest {
    /** Makes no content. */
    private static final class Nothing implements ContentGenerator<StoredBlob> {
        @Override
        public void generate(BlobWriter writer) {}

        @Override
        public StoredBlob result(StoredBlob stored) {
            return stored;
        }
    }

    @Test
    void aNullArgumentIsNamed(@TempDir Path directory) throws IOException {
        try (BlobStore store = new InMemoryBlobStore();
                TransferManager transfers =
                        TransferManager.builder().executor(Runnable::run).build();
                MappedFile file = MappedFile.create(directory.resolve("file"), 10)) {
            NullArguments arguments = new NullArguments(store, transfers, file, file.region(), new Nothing());

            assertThat(arguments.unnamed(NullArguments.publicTypes(BlobStore.class).stream()
                            .filter(type -> !type.getPackageName().equals("io.blobstore.spi")) // called by stores only
                            .filter(type -> type != ContentGenerator.class) // called by this module only
                            .filter(type -> type.getEnclosingClass() != StoreEvent.class) // created by stores only
                            .toList()))
                    .isEmpty();
        }
    }
}
