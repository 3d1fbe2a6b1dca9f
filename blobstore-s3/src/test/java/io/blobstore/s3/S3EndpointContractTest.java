package io.blobstore.s3;

import io.blobstore.contract.Campaign;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/**
 * The contract of the S3 store against any server: {@code BLOBSTORE_TEST_S3_URI} names the bucket, as in
 * {@code s3://bucket?endpoint=http://127.0.0.1:7070}, and the usual AWS variables the credentials.
 */
@Campaign(representedBy = S3ProxyContractTest.class)
@EnabledIfEnvironmentVariable(named = S3EndpointContractTest.VARIABLE, matches = ".+")
class S3EndpointContractTest extends S3EndpointContractBase {
    static final String VARIABLE = "BLOBSTORE_TEST_S3_URI";

    S3EndpointContractTest() {
        super(VARIABLE);
    }
}
