package io.blobstore.split;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobStore;
import io.blobstore.Sha256;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.NullArguments;
import io.blobstore.split.oci.OciDescriptor;
import io.blobstore.split.oci.OciImage;
import io.blobstore.split.oci.OciLayer;
import io.blobstore.split.oci.OciLayout;
import io.blobstore.split.oci.OciManifest;
import io.blobstore.split.repository.BlobStoreObjects;
import io.blobstore.split.repository.CollectReport;
import io.blobstore.split.repository.FsckReport;
import io.blobstore.split.repository.MergeResult;
import io.blobstore.split.repository.ObjectStore;
import io.blobstore.split.repository.OciImportResult;
import io.blobstore.split.repository.Repository;
import io.blobstore.split.repository.RepositoryStat;
import io.blobstore.split.repository.SplitEngine;
import io.blobstore.split.repository.SplitProgress;
import io.blobstore.split.repository.SplitResult;
import io.blobstore.split.repository.StoredObject;
import io.blobstore.split.repository.StreamDiff;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that each public method of this module names the argument that is null. */
class NullArgumentsTest {
    private static final Set<Class<?>> CREATED_BY_THIS_MODULE = Set.of(
            CollectReport.class,
            FsckReport.class,
            MergeResult.class,
            OciDescriptor.class,
            OciImage.class,
            OciImportResult.class,
            OciLayer.class,
            OciManifest.class,
            RepositoryStat.class,
            SplitProgress.class,
            SplitResult.class,
            StoredObject.class,
            StreamDiff.class);

    @Test
    void aNullArgumentIsNamed(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\": \"1.0.0\"}");
        Files.writeString(directory.resolve("index.json"), "{\"schemaVersion\": 2, \"manifests\": []}");
        OciLayout layout = OciLayout.open(directory);
        OciDescriptor manifest =
                new OciDescriptor("text/plain", Sha256.parse("0".repeat(64)), 1, Optional.empty(), Map.of());
        try (BlobStore store = new InMemoryBlobStore();
                TransferManager transfers =
                        TransferManager.builder().executor(Runnable::run).build()) {
            BlobStoreObjects objects = BlobStoreObjects.of(store, ObjectHash.SHA_256);
            List<Class<?>> types = NullArguments.publicTypes(Splitter.class).stream()
                    .filter(type -> type != ObjectStore.class && type != Splitter.class) // called by this module
                    .filter(type -> !CREATED_BY_THIS_MODULE.contains(
                            type.getEnclosingClass() == null ? type : type.getEnclosingClass()))
                    .toList();

            assertThat(new NullArguments(
                                    store,
                                    transfers,
                                    objects,
                                    Repository.of(objects),
                                    SplitEngine.of(transfers),
                                    Splitter.fixed(1 << 20),
                                    ContentType.NONE,
                                    layout,
                                    new OciImage(layout, Optional.empty(), Optional.empty(), manifest),
                                    ObjectId.of(ObjectHash.SHA_256, new byte[32]))
                            .unnamed(types))
                    .isEmpty();
        }
    }
}
