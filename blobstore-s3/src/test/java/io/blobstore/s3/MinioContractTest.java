package io.blobstore.s3;

import io.blobstore.contract.Campaign;
import io.blobstore.contract.KnownLimitations;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract of the S3 store against MinIO, which enforces conditions itself: no request checks them before. */
@Campaign(representedBy = S3ProxyContractTest.class)
@EnabledIfEnvironmentVariable(named = MinioContractTest.VARIABLE, matches = ".+")
class MinioContractTest extends S3EndpointContractBase {
    static final String VARIABLE = "BLOBSTORE_TEST_MINIO_URI";

    @RegisterExtension
    static final KnownLimitations LIMITATIONS = new KnownLimitations("MinIO")
            .fails("asMuchUserMetadataAsIsAllowedIsKept", "the limit of 2 KiB includes the prefixes of header fields");

    MinioContractTest() {
        super(VARIABLE);
    }

    @Override
    S3BlobStore.Builder builder() {
        return super.builder().nativeConditions(true);
    }

    /** Returns whether the key can be a path: MinIO refuses others with XMinioInvalidObjectName. */
    @Override
    protected boolean supportsKey(String name) {
        return super.supportsKey(name) && isPlainPath(name);
    }

    /** Returns false: a listing has "a" but not "a/b", although both can be stored and read. */
    @Override
    protected boolean supportsKeysBelowKeys() {
        return false;
    }

    /** Returns false: a listing has only the uploads of the key that equals the prefix. */
    @Override
    protected boolean listsUploads() {
        return false;
    }

    /** Returns false, as MinIO computes no checksums of the parts that it copies. */
    @Override
    protected boolean keepsChecksumsOfCopies() {
        return false;
    }
}
