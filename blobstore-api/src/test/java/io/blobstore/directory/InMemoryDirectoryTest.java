package io.blobstore.directory;

import io.blobstore.BlobStore;
import io.blobstore.contract.DirectoryContract;
import io.blobstore.contract.InMemoryBlobStore;
import java.nio.file.Path;

class InMemoryDirectoryTest extends DirectoryContract {
    @Override
    protected BlobStore openStore(Path directory) {
        return new InMemoryBlobStore();
    }
}
