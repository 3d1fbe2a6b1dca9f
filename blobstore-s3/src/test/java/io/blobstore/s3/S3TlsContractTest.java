package io.blobstore.s3;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.http.TlsEngine;
import io.netty.handler.ssl.OpenSsl;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract over TLS, encrypted by OpenSSL, as it is in most installations. */
class S3TlsContractTest extends S3ProxyContractBase {
    private static S3ProxyServer server;
    private static TestBucket bucket;

    @BeforeAll
    static void startServer(@TempDir Path directory) throws IOException, InterruptedException {
        assumeTrue(OpenSsl.isAvailable(), "this platform has no native library for OpenSSL");
        System.setProperty(TlsEngine.PROPERTY, "openssl"); // and no other, were it not to be had
        server = S3ProxyServer.startSecure(directory);
        bucket = server.bucket("contract");
    }

    @AfterAll
    static void stopServer() {
        System.clearProperty(TlsEngine.PROPERTY);
        if (server != null) {
            server.close();
        }
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
