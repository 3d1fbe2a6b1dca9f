package io.blobstore.zstd;

import io.blobstore.contract.ModuleClasses;
import org.junit.jupiter.api.Test;

/** Asserts on the compiled classes the dependencies that each {@code package-info.java} allows. */
class ZstdArchitectureTest {
    private static final String OWN = CompressedBlobs.class.getPackageName();
    private static final String INTERNAL = OWN + ".internal";
    private static final ModuleClasses MODULE = ModuleClasses.of(CompressedBlobs.class);

    @Test
    void thePackageDependsOnTheContractTheTransferEngineAndBuffersOnly() {
        MODULE.requireDependencies(
                OWN,
                "io.blobstore",
                "io.blobstore.internal.buffer",
                "io.blobstore.spi",
                "io.blobstore.transfer",
                INTERNAL);
    }

    @Test
    void theFormatsDependOnZstdSourcesAndBuffersOnly() {
        MODULE.requireDependencies(INTERNAL, "com.github.luben.zstd", "io.blobstore", "io.blobstore.internal.buffer");
    }
}
