package io.blobstore.gcs;

import io.blobstore.BlobStore;
import io.blobstore.contract.DirectoryContract;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Directory transfers to and from the fake of Cloud Storage. */
class GcsDirectoryTest extends DirectoryContract {
    @RegisterExtension
    final FakeServer server = FakeServer.plain();

    @Override
    protected BlobStore openStore(Path directory) throws IOException {
        return server.store().open();
    }
}
