package io.blobstore.s3;

import io.blobstore.contract.Campaign;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The contract of the S3 store against MinIO, which enforces conditions itself: no request checks them before. */
@Campaign(representedBy = S3ProxyContractTest.class)
@EnabledIfEnvironmentVariable(named = MinioContractTest.VARIABLE, matches = ".+")
class MinioContractTest extends S3EndpointContractBase {
    static final String VARIABLE = "BLOBSTORE_TEST_MINIO_URI";

    MinioContractTest() {
        super(VARIABLE);
    }

    @Override
    S3BlobStore.Builder builder() {
        return super.builder().nativeConditions(true);
    }
}
