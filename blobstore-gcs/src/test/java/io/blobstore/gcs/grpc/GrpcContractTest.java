package io.blobstore.gcs.grpc;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.contract.BlobStoreContract;
import io.blobstore.contract.Campaign;
import io.blobstore.gcs.GcsTransport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract of the store in a zonal bucket: content is read over gRPC, everything else is requested over HTTP. */
@Campaign(representedBy = TransportTest.class)
class GrpcContractTest extends BlobStoreContract {
    static {
        GrpcReadsBase.requireEventLoops();
    }

    private GcsOverGrpc fake;

    /** Starts the fake after the first snapshot of the leak check, and ends it before the second. */
    @RegisterExtension
    final BeforeEachCallback starting = context -> fake = new GcsOverGrpc();

    @RegisterExtension
    final AfterEachCallback ending = context -> fake.close();

    @Override
    protected BlobStore openStore(Path directory) throws IOException {
        return fake.store(GcsTransport.AUTO).open();
    }

    @Override
    protected boolean damage(BlobKey key) {
        return fake.http.damage(FakeGrpcStorage.BUCKET, key.toString());
    }

    /** A stream stays open for its version. */
    @Override
    protected boolean readsReplacedVersions() {
        return true;
    }

    @Override
    protected List<String> leftovers() {
        return fake.http.uploads(FakeGrpcStorage.BUCKET);
    }

    @Override
    protected boolean supportsKey(String name) {
        return name.getBytes(StandardCharsets.UTF_8).length <= BlobKey.MAX_BYTES
                && name.indexOf('\r') < 0
                && name.indexOf('\n') < 0;
    }

    @Override
    protected int moreThanOnePage() {
        return 1050;
    }
}
