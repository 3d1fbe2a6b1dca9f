package io.blobstore;

import io.blobstore.contract.JavadocSamples;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks that the code samples in the Javadoc of the main types compile. */
class JavadocSamplesTest {
    @TempDir
    Path classes;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BlobStores",
                "BlobStore",
                "BlobKey",
                "BlobTarget",
                "Precondition",
                "BlobStoreException",
                "StoreOptions",
                "UploadListing",
                "directory/DirectoryOptions",
                "directory/DirectoryTransfer",
                "memory/MappedFile",
                "transfer/BlobReader",
                "transfer/BlobWriter",
                "transfer/TransferManager",
                "transfer/UploadOptions"
            })
    void theSamplesOfATypeCompile(String type) throws IOException {
        JavadocSamples.requireCompile(Path.of("src/main/java/io/blobstore", type + ".java"), "", classes);
    }
}
