package io.blobstore.s3;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.Precondition;
import io.blobstore.StoreUri;
import io.blobstore.contract.Campaign;
import java.net.URI;
import org.junit.jupiter.api.BeforeAll;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/**
 * The contract of the S3 store against any server: {@code BLOBSTORE_TEST_S3_URI} names the bucket, as in
 * {@code s3://bucket?endpoint=http://127.0.0.1:7070}, and the usual AWS variables the credentials.
 * {@code BLOBSTORE_TEST_S3_SERVER} may name a server with known limitations, whose tests are left out.
 */
@Campaign(representedBy = S3ProxyContractTest.class)
class S3EndpointContractTest extends S3ContractBase {
    private static final String VARIABLE = "BLOBSTORE_TEST_S3_URI";

    /** versitygw with its POSIX backend stores blobs as files, and evaluates conditions before it stores or reads. */
    private static final boolean POSIX_GATEWAY = "versitygw".equals(System.getenv("BLOBSTORE_TEST_S3_SERVER"));

    private static StoreUri uri;

    @BeforeAll
    static void readVariable() {
        String text = System.getenv(VARIABLE);
        assumeTrue(text != null && !text.isEmpty(), VARIABLE + " names no bucket to test against");
        uri = StoreUri.parse(text);
    }

    @Override
    S3BlobStore.Builder builder() {
        return S3BlobStoreProvider.builder(uri);
    }

    @Override
    TestBucket bucket() {
        String region = uri.parameters().getOrDefault("region", "us-east-1");
        String endpoint = uri.parameters().getOrDefault("endpoint", "https://s3." + region + ".amazonaws.com");
        return new TestBucket(
                URI.create(endpoint),
                region,
                DefaultCredentialsProvider.builder().build(),
                uri.authority().orElseThrow());
    }

    @Override
    protected boolean supportsKey(String name) {
        return super.supportsKey(name) && (!POSIX_GATEWAY || isPlainPath(name));
    }

    @Override
    protected boolean supportsKeysBelowKeys() {
        return !POSIX_GATEWAY;
    }

    @Override
    protected boolean enforcesConditionsInRaces(Precondition condition) {
        return !POSIX_GATEWAY;
    }

    @Override
    protected boolean readsVersionsAtomically() {
        return !POSIX_GATEWAY;
    }
}
