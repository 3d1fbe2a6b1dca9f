package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.PresignOptions;
import io.blobstore.StoreUri;
import io.blobstore.gcs.GcsBlobStore;
import io.blobstore.gcs.GcsEncryption;
import io.blobstore.s3.S3BlobStore;
import io.blobstore.s3.S3Encryption;
import io.blobstore.spi.BlobStoreProvider;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Base64;

/**
 * Opens a store in a bucket with a customer key, which a URI must not contain, and signs a URL:
 * {@code keyed-s3://bucket?endpoint=…} and {@code keyed-gs://bucket?endpoint=…}.
 */
abstract sealed class KeyedStoreProvider implements BlobStoreProvider {
    /** The environment variable with the customer key. */
    static final String KEY = "TEST_CUSTOMER_KEY";

    private final String scheme;

    private KeyedStoreProvider(String scheme) {
        this.scheme = scheme;
    }

    @Override
    public String scheme() {
        return scheme;
    }

    @Override
    public BlobStore open(StoreUri uri) throws IOException {
        BlobStore store = open(
                uri.authority().orElseThrow(),
                URI.create(uri.parameters("endpoint").get("endpoint")),
                Base64.getDecoder().decode(System.getenv(KEY)));
        store.presign(BlobKey.of("key"), PresignOptions.get(Duration.ofMinutes(1)));
        return store;
    }

    abstract BlobStore open(String bucket, URI endpoint, byte[] key) throws IOException;

    /** Opens stores in S3. */
    public static final class S3 extends KeyedStoreProvider {
        /** Creates a provider, for the service loader. */
        public S3() {
            super("keyed-s3");
        }

        @Override
        BlobStore open(String bucket, URI endpoint, byte[] key) throws IOException {
            return S3BlobStore.builder(bucket)
                    .endpoint(endpoint)
                    .pathStyle(true)
                    .encryption(S3Encryption.customerKey(key))
                    .open();
        }
    }

    /** Opens stores in Cloud Storage. */
    public static final class Gcs extends KeyedStoreProvider {
        /** Creates a provider, for the service loader. */
        public Gcs() {
            super("keyed-gs");
        }

        @Override
        BlobStore open(String bucket, URI endpoint, byte[] key) throws IOException {
            return GcsBlobStore.builder(bucket)
                    .endpoint(endpoint)
                    .encryption(GcsEncryption.customerKey(key))
                    .open();
        }
    }
}
