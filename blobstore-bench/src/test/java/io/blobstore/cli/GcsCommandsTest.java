package io.blobstore.cli;

import io.blobstore.gcs.fake.FakeGcs;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Uses a bucket of the fake Cloud Storage server. */
class GcsCommandsTest extends BucketCommands {
    private static FakeGcs server;

    @BeforeAll
    static void startServer() throws IOException {
        server = FakeGcs.start().createBucket("some-bucket");
    }

    @AfterAll
    static void stopServer() throws IOException {
        server.close();
    }

    @Override
    String bucket() {
        return "gs://some-bucket?endpoint=" + server.endpoint();
    }
}
