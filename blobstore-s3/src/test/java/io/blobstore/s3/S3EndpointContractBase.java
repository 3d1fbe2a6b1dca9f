package io.blobstore.s3;

import io.blobstore.StoreUri;
import java.net.URI;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/** The contract of the S3 store against a real server: an environment variable names the bucket. */
abstract class S3EndpointContractBase extends S3ContractBase {
    private final StoreUri uri;

    /**
     * Creates the tests of a server.
     *
     * @param variable the environment variable with the bucket's URI, without which the subclass does not run
     */
    S3EndpointContractBase(String variable) {
        uri = StoreUri.parse(System.getenv(variable));
    }

    @Override
    S3BlobStore.Builder builder() {
        return S3BlobStoreProvider.builder(uri);
    }

    @Override
    TestBucket bucket() {
        return bucket(uri);
    }

    /** Returns the bucket that a URI names, with the credentials in the usual AWS variables. */
    static TestBucket bucket(StoreUri uri) {
        String region = uri.parameters().getOrDefault("region", "us-east-1");
        String endpoint = uri.parameters().getOrDefault("endpoint", "https://s3." + region + ".amazonaws.com");
        return new TestBucket(
                URI.create(endpoint),
                region,
                DefaultCredentialsProvider.builder().build(),
                uri.authority().orElseThrow());
    }
}
