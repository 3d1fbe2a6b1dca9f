package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.StoreOptions;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of opening stores in memory by URI. */
class MemoryUriTest {
    private static final BlobKey KEY = BlobKey.of("a");

    private final String named = "mem:" + UUID.randomUUID();

    @Test
    void aStoreWithoutANameIsPrivate() throws IOException {
        try (BlobStore one = BlobStores.open("mem:");
                BlobStore another = BlobStores.open("MEM:")) {
            one.store(KEY, ByteBuffer.allocate(1));

            assertThat(one).hasToString("mem:");
            assertThat(another.list(ListOptions.DEFAULT).hasNext()).isFalse();
        }
    }

    @Test
    void storesWithOneNameShareTheirBlobs() throws IOException {
        try (BlobStore one = BlobStores.open(named);
                BlobStore other = BlobStores.open("mem:other")) {
            one.store(KEY, ByteBuffer.allocate(3));

            assertThat(one).hasToString(named);
            assertThat(other.list(ListOptions.DEFAULT).hasNext()).isFalse();
        }
        try (BlobStore again = BlobStores.open(named)) {
            assertThat(again.head(KEY).size()).isEqualTo(3);
        }
    }

    @Test
    void closingOneStoreLeavesUploadsOfAnotherAlone() throws IOException {
        BlobStore one = BlobStores.open(named);
        try (BlobStore another = BlobStores.open(named);
                MultipartUpload upload =
                        another.createMultipartUpload(KEY, new PartLayout(1, 1), StoreOptions.DEFAULT)) {
            one.close();

            upload.uploadPart(1, ContractFixture.source(new byte[1]));
            upload.complete(ContractFixture.crc(new byte[1]));
            assertThat(another.head(KEY).size()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"mem:/a", "mem://a", "mem:///a", "mem:a?limit=1", "mem:?limit=1", "mem:a?password=x", "mem:a#b"})
    void otherUrisAreRefused(String uri) {
        assertThatIllegalArgumentException().isThrownBy(() -> BlobStores.open(uri));
    }
}
