package io.blobstore.s3;

import io.blobstore.Precondition;
import io.blobstore.contract.Campaign;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/**
 * The contract of the S3 store against the Versity S3 Gateway with its POSIX backend, which stores blobs as files, and
 * evaluates conditions before it stores or reads.
 */
@Campaign(representedBy = S3ProxyContractTest.class)
@EnabledIfEnvironmentVariable(named = VersityGatewayContractTest.VARIABLE, matches = ".+")
class VersityGatewayContractTest extends S3EndpointContractBase {
    static final String VARIABLE = "BLOBSTORE_TEST_VERSITYGW_URI";

    VersityGatewayContractTest() {
        super(VARIABLE);
    }

    @Override
    protected boolean supportsKey(String name) {
        return super.supportsKey(name) && isPlainPath(name);
    }

    @Override
    protected boolean supportsKeysBelowKeys() {
        return false;
    }

    @Override
    protected boolean enforcesConditionsInRaces(Precondition condition) {
        return false;
    }

    @Override
    protected boolean readsVersionsAtomically() {
        return false;
    }
}
