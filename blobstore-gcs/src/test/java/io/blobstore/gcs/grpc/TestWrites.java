package io.blobstore.gcs.grpc;

import io.blobstore.http.objects.RetryClock;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Writes of the bucket of a {@link FakeGrpcStorage}, over a connection of their own. */
final class TestWrites implements AutoCloseable {
    static final int ATTEMPTS = 5;

    final GrpcWrites all;

    TestWrites(URI endpoint, Duration stallTimeout) throws IOException {
        all = GrpcWrites.create(new GrpcSettings(
                FakeGrpcStorage.BUCKET,
                endpoint,
                false,
                Optional.empty(),
                List.of(),
                1,
                1,
                stallTimeout,
                ATTEMPTS,
                RetryClock.SYSTEM,
                new FakeErrors()));
    }

    @Override
    public void close() {
        all.close();
    }
}
