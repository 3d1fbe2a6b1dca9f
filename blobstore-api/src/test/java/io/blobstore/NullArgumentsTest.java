package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.NullArguments;
import io.blobstore.memory.MappedFile;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.BlobWriter;
import io.blobstore.transfer.ContentGenerator;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that each public method of this module names the argument that is null. */
class NullArgumentsTest {
    private static final BlobKey KEY = BlobKey.of("key");

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
        BlobVersion version = new BlobVersion("v");
        try (BlobStore store = new InMemoryBlobStore();
                TransferManager transfers =
                        TransferManager.builder().executor(Runnable::run).build();
                MappedFile file = MappedFile.create(directory.resolve("file"), 10)) {
            NullArguments arguments = new NullArguments(
                    KEY,
                    store,
                    transfers,
                    file,
                    file.region(),
                    version,
                    ByteRange.of(0, 1),
                    ByteBuffer.allocate(1),
                    BlobSource.of(ByteBuffer.allocate(1)),
                    BlobTarget.of(ByteBuffer.allocate(1)),
                    BlobTarget.Window.of(ByteBuffer.allocate(1)),
                    Crc32c.EMPTY,
                    new Nothing(),
                    UploadedPart.of(1, 1, Crc32c.EMPTY),
                    StoredBlob.of(KEY, 1, version, Optional.empty()),
                    ReadResult.of(
                            BlobMetadata.builder(KEY, 1, version, Instant.EPOCH).build(), 1, Crc32c.EMPTY),
                    PresignOptions.get(Duration.ofSeconds(1)),
                    new PartLayout(1, 1),
                    StoreUri.parse("mem:"),
                    BlobMetadata.builder(KEY, 1, version, Instant.EPOCH),
                    BlobMetadata.builder(KEY, 1, version, Instant.EPOCH).build(),
                    StoreCapabilities.builder().minPartSize(1).build());

            assertThat(arguments.unnamed(NullArguments.publicTypes(BlobStore.class).stream()
                            .filter(type -> !type.getPackageName().equals("io.blobstore.spi")) // called by stores only
                            .filter(type -> type != ContentGenerator.class) // called by this module only
                            .filter(type -> type.getEnclosingClass() != StoreEvent.class) // created by stores only
                            .toList()))
                    .isEmpty();
        }
    }
}
