package io.blobstore.s3;

import io.blobstore.Precondition;
import org.junit.jupiter.api.extension.ExtendWith;

/** The contract against S3Proxy, with what that server cannot do left out. */
@ExtendWith(S3ProxyServer.Shared.class)
abstract class S3ProxyContractBase extends S3ContractBase {
    /** It keeps blobs as files. */
    @Override
    protected boolean supportsKey(String name) {
        return super.supportsKey(name) && isPlainPath(name);
    }

    @Override
    protected boolean supportsKeysBelowKeys() {
        return false;
    }

    /** It does not ask for a new one where a blob is copied. */
    @Override
    protected boolean keepsChecksumsOfCopies() {
        return false;
    }

    /** It looks at the version first, and stores then. */
    @Override
    protected boolean enforcesConditionsInRaces(Precondition condition) {
        return condition == Precondition.ifAbsent();
    }

    /** It reads a file's attributes first, and opens it then. */
    @Override
    protected boolean readsVersionsAtomically() {
        return false;
    }

    @Override
    protected boolean supportsDelimiter(String delimiter) {
        return delimiter.equals("/");
    }
}
