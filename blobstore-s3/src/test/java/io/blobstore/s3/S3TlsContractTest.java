package io.blobstore.s3;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.contract.Campaign;
import io.blobstore.http.TlsEngine;
import io.netty.handler.ssl.OpenSsl;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract over TLS with OpenSSL, as in most installations. */
@Campaign(representedBy = S3ProxyContractTest.class)
class S3TlsContractTest extends S3ProxyContractBase {
    private static S3ProxyServer server;
    private static TestBucket bucket;

    @BeforeAll
    static void createBucket(S3ProxyServer shared) {
        assumeTrue(OpenSsl.isAvailable(), "this platform has no native library for OpenSSL");
        System.setProperty(TlsEngine.PROPERTY, "openssl"); // without a fallback to another engine
        server = shared;
        bucket = server.newBucket();
    }

    @AfterAll
    static void clearProperty() {
        System.clearProperty(TlsEngine.PROPERTY);
    }

    @Override
    S3BlobStore.Builder builder() {
        return server.secureStore(bucket.name());
    }

    @Override
    TestBucket bucket() {
        return bucket;
    }
}
