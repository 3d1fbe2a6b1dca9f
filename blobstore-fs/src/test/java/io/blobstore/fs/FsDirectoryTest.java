package io.blobstore.fs;

import io.blobstore.BlobStore;
import io.blobstore.contract.DirectoryContract;
import java.io.IOException;
import java.nio.file.Path;

/** Directory transfers to and from the local store. */
class FsDirectoryTest extends DirectoryContract {
    @Override
    protected BlobStore openStore(Path directory) throws IOException {
        return FsBlobStore.builder(directory).durability(Durability.NONE).open();
    }
}
