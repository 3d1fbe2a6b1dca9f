package io.blobstore.s3;

import io.blobstore.BlobStore;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.DirectoryContract;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;

/** Directory transfers to and from S3Proxy. */
@ExtendWith(S3ProxyServer.Shared.class)
class S3DirectoryTest extends DirectoryContract {
    private static S3ProxyServer server;
    private static TestBucket bucket;

    @BeforeAll
    static void createBucket(S3ProxyServer shared) {
        server = shared;
        bucket = server.newBucket();
    }

    @Override
    protected BlobStore openStore(Path directory) throws IOException {
        return server.store(bucket.name()).open();
    }

    /** Returns few rounds, as each sends some hundred requests. */
    @Override
    protected int rounds() {
        return CampaignScale.of(10);
    }
}
