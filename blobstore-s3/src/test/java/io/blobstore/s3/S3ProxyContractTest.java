package io.blobstore.s3;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The S3 store keeps the contract, against S3Proxy. */
class S3ProxyContractTest extends S3ProxyContractBase {
    private static S3ProxyServer server;
    private static TestBucket bucket;

    @BeforeAll
    static void startServer(@TempDir Path directory) throws IOException, InterruptedException {
        server = S3ProxyServer.start(directory);
        bucket = server.bucket("contract");
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @Override
    S3BlobStore.Builder builder() {
        return server.store(bucket.name());
    }

    @Override
    TestBucket bucket() {
        return bucket;
    }
}
