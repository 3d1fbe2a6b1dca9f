package io.blobstore.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.transfer.TransferManager;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A blob as a resource of Spring. */
@ExtendWith(LeakCheck.class)
class BlobResourceTest {
    private BlobStore store;
    private TransferManager transfers;

    @BeforeEach
    void open() throws IOException {
        store = BlobStores.open("mem:");
        transfers = TransferManager.create();
        store.store(BlobKey.of("some/blob.txt"), ByteBuffer.wrap("0123456789".getBytes(StandardCharsets.UTF_8)));
    }

    @AfterEach
    void close() throws IOException {
        transfers.close();
        store.close();
    }

    private BlobResource resource(String key) {
        return new BlobResource(transfers, store, BlobKey.of(key));
    }

    @Test
    void propertiesAreThoseOfTheBlob() throws IOException {
        BlobResource resource = resource("some/blob.txt");

        assertThat(resource.exists()).isTrue();
        assertThat(resource.isReadable()).isTrue();
        assertThat(resource.isFile()).isFalse();
        assertThat(resource.contentLength()).isEqualTo(10);
        assertThat(resource.lastModified())
                .isEqualTo(store.head(resource.key()).lastModified().toEpochMilli());
        assertThat(resource.getFilename()).isEqualTo("blob.txt");
        assertThat(resource).hasToString("blob 'some/blob.txt' in " + store);
        assertThat(resource).isEqualTo(resource("some/blob.txt")).isNotEqualTo(resource("other"));
    }

    @Test
    void contentIsRead() throws IOException {
        assertThat(resource("some/blob.txt").getContentAsString(StandardCharsets.UTF_8))
                .isEqualTo("0123456789");
        try (InputStream content = resource("some/blob.txt").getInputStream()) {
            assertThat(content.skip(7)).isEqualTo(7);
            assertThat(content.readAllBytes()).asString().isEqualTo("789");
        }
        try (var channel = resource("some/blob.txt").readableChannel()) {
            ByteBuffer target = ByteBuffer.allocateDirect(20);
            assertThat(channel.read(target)).isEqualTo(10);
        }
    }

    @Test
    void aMissingBlobIsAMissingFile() {
        BlobResource missing = resource("missing");

        assertThat(missing.exists()).isFalse();
        assertThatExceptionOfType(FileNotFoundException.class).isThrownBy(missing::contentLength);
        assertThatExceptionOfType(FileNotFoundException.class).isThrownBy(missing::getInputStream);
        assertThatExceptionOfType(FileNotFoundException.class)
                .isThrownBy(missing::readableChannel)
                .withMessageContaining("blob 'missing' in mem:");
    }

    /** Absent would be a wrong answer. */
    @Test
    void aStoreThatDoesNotTellIsAnError() throws IOException {
        try (BlobStore refusing = new ForwardingBlobStore(BlobStores.open("mem:")) {
            @Override
            public BlobMetadata head(BlobKey key) throws IOException {
                throw new PermissionDeniedException(Operation.HEAD, key, "no", null);
            }
        }) {
            assertThatExceptionOfType(UncheckedIOException.class)
                    .isThrownBy(() -> new BlobResource(transfers, refusing, BlobKey.of("a")).exists());
        }
    }
}
