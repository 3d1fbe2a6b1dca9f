package io.blobstore.s3;

import io.blobstore.contract.Campaign;

/** The contract with a server that supports no checksums and requires signed content. */
@Campaign(representedBy = S3ProxyContractTest.class)
class S3WithoutChecksumsContractTest extends S3ProxyContractTest {
    @Override
    S3BlobStore.Builder builder() {
        return super.builder().checksums(S3Checksums.NONE).payloadSigning(PayloadSigning.SIGNED);
    }

    @Override
    protected boolean keepsChecksums() {
        return false;
    }
}
