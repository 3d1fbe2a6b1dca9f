package io.blobstore.s3;

import io.blobstore.Precondition;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.KnownLimitations;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract of the S3 store against moto, a mock of AWS in Python for tests, which stores blobs in memory. */
@Campaign(representedBy = S3ProxyContractTest.class)
@EnabledIfEnvironmentVariable(named = MotoContractTest.VARIABLE, matches = ".+")
class MotoContractTest extends S3EndpointContractBase {
    static final String VARIABLE = "BLOBSTORE_TEST_MOTO_URI";

    @RegisterExtension
    static final KnownLimitations LIMITATIONS = new KnownLimitations("moto")
            .fails("anUploadThatIsAbortedByItsIdCannotBeCompleted", "its completion is answered with 500 and no code")
            .mayFail(
                    "ofThreadsRacingWithoutConditionsOneLeavesItsWholeBlob",
                    "requests that store the same key at the same time may be answered with 500");

    MotoContractTest() {
        super(VARIABLE);
    }

    /** Returns false, as moto ignores a checksum without {@code x-amz-sdk-checksum-algorithm}. */
    @Override
    protected boolean keepsChecksums() {
        return false;
    }

    /** Returns false, as moto evaluates a condition, if at all, before it stores, without a lock. */
    @Override
    protected boolean enforcesConditionsInRaces(Precondition condition) {
        return false;
    }
}
