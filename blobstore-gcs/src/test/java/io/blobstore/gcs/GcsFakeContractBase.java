package io.blobstore.gcs;

import io.blobstore.BlobKey;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The base of the contract's tests against the fake in this process. */
abstract class GcsFakeContractBase extends GcsContractBase {
    @RegisterExtension
    final FakeServer server = newServer();

    abstract FakeServer newServer();

    @Override
    GcsBlobStore.Builder builder() {
        return server.store();
    }

    @Override
    protected boolean damage(BlobKey key) {
        return server.get().damage(FakeServer.BUCKET, prefix + key);
    }

    @Override
    protected List<String> leftovers() {
        List<String> left = new ArrayList<>(server.get().uploads(FakeServer.BUCKET));
        server.get().names(FakeServer.BUCKET).stream()
                .filter(name -> name.contains(".blobstore-unpublished/"))
                .forEach(left::add);
        return left;
    }
}
