package io.blobstore.s3;

import io.blobstore.Precondition;
import org.junit.jupiter.api.extension.ExtendWith;

/** The contract against S3Proxy, without what that server does not support. */
@ExtendWith(S3ProxyServer.Shared.class)
abstract class S3ProxyContractBase extends S3ContractBase {
    /** Returns whether the key can be a path, as the server stores blobs as files. */
    @Override
    protected boolean supportsKey(String name) {
        return super.supportsKey(name) && isPlainPath(name);
    }

    @Override
    protected boolean supportsKeysBelowKeys() {
        return false;
    }

    /** Returns false, as the server computes no checksum of a copy. */
    @Override
    protected boolean keepsChecksumsOfCopies() {
        return false;
    }

    /** Returns false, as the server lists parts without the algorithm of their upload. */
    @Override
    protected boolean keepsChecksumsOfResumedUploads() {
        return false;
    }

    /** Returns false for a version, which the server compares before it stores, without a lock. */
    @Override
    protected boolean enforcesConditionsInRaces(Precondition condition) {
        return condition == Precondition.ifAbsent();
    }

    /** Returns false, as the server reads a file's attributes before it opens the file. */
    @Override
    protected boolean readsVersionsAtomically() {
        return false;
    }

    @Override
    protected boolean supportsTags() {
        return false;
    }

    /** Returns false, as the server takes their bytes for ISO 8859-1. */
    @Override
    protected boolean signsHeadersBeyondAscii() {
        return false;
    }

    @Override
    protected boolean supportsDelimiter(String delimiter) {
        return delimiter.equals("/");
    }
}
