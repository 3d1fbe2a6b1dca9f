package io.blobstore.gcs;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.MultipartUpload;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreOptions;
import io.blobstore.StoreUri;
import io.blobstore.contract.Campaign;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;

/**
 * The contract of the store against any server: {@code BLOBSTORE_TEST_GCS_URI} names the bucket, as in
 * {@code gs://bucket}. {@code BLOBSTORE_TEST_GCS_SERVER} may name a server with known limitations, whose tests are left
 * out.
 */
@Campaign(representedBy = GcsContractTest.class)
class GcsEndpointContractTest extends GcsContractBase {
    private static final String VARIABLE = "BLOBSTORE_TEST_GCS_URI";

    /** fake-gcs-server supports the JSON API, and of the XML API only reads of objects. */
    private static final boolean FAKE_GCS_SERVER = "fake-gcs-server".equals(System.getenv("BLOBSTORE_TEST_GCS_SERVER"));

    private static StoreUri uri;

    @BeforeAll
    static void readVariable() {
        String text = System.getenv(VARIABLE);
        assumeTrue(text != null && !text.isEmpty(), VARIABLE + " names no bucket to test against");
        uri = StoreUri.parse(text);
    }

    @Override
    GcsBlobStore.Builder builder() {
        return GcsBlobStoreProvider.builder(uri);
    }

    @Override
    protected BlobStore openStore(Path directory) throws IOException {
        BlobStore store = super.openStore(directory);
        return FAKE_GCS_SERVER ? new WithoutParts(store) : store;
    }

    /** Returns false for delimiters of which fake-gcs-server uses only the first character. */
    @Override
    protected boolean supportsDelimiter(String delimiter) {
        return !FAKE_GCS_SERVER || delimiter.length() == 1;
    }

    /** A store on a server without multipart uploads and signed URLs. */
    private static final class WithoutParts extends ForwardingBlobStore {
        WithoutParts(BlobStore delegate) {
            super(delegate);
        }

        @Override
        public StoreCapabilities capabilities() {
            StoreCapabilities all = super.capabilities();
            return StoreCapabilities.builder()
                    .multipart(false)
                    .minPartSize(all.minPartSize())
                    .maxPartSize(all.maxPartSize())
                    .maxParts(all.maxParts())
                    .maxBlobSize(all.maxBlobSize())
                    .conditionalStore(all.conditionalStore())
                    .presign(StoreCapabilities.Support.NONE)
                    .build();
        }

        @Override
        public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options) {
            throw new UnsupportedOperationException("fake-gcs-server has no multipart uploads");
        }

        @Override
        public PresignedUrl presign(BlobKey key, PresignOptions options) {
            throw new UnsupportedOperationException("fake-gcs-server has no signed URLs");
        }
    }
}
