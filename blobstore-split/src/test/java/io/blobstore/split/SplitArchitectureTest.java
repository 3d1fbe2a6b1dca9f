package io.blobstore.split;

import io.blobstore.contract.ModuleClasses;
import org.junit.jupiter.api.Test;

/** Asserts on the compiled classes the dependencies that each {@code package-info.java} allows. */
class SplitArchitectureTest {
    private static final String OWN = SplitSink.class.getPackageName();
    private static final String INTERNAL = OWN + ".internal";
    private static final ModuleClasses MODULE = ModuleClasses.of(SplitSink.class);

    @Test
    void thePublicValuesKnowTheContractAndTheSplittersOnly() {
        MODULE.requireDependencies(OWN, "io.blobstore", INTERNAL + ".blocks", INTERNAL + ".tar");
    }

    @Test
    void digestsKnowNeitherStreamsNorSplitters() {
        MODULE.requireDependencies(INTERNAL + ".verity", "io.blobstore", OWN);
    }

    @Test
    void theFormatKnowsNeitherSplittersNorStores() {
        MODULE.requireDependencies(
                INTERNAL + ".format",
                "com.github.luben.zstd",
                "io.blobstore",
                "io.blobstore.internal.buffer",
                OWN,
                INTERNAL + ".file",
                INTERNAL + ".verity");
    }

    @Test
    void temporaryFilesKnowSourcesOnly() {
        MODULE.requireDependencies(INTERNAL + ".file", "io.blobstore", "io.blobstore.internal.buffer");
    }

    @Test
    void splittersKnowTheirInputsAndSinksOnly() {
        MODULE.requireDependencies(INTERNAL + ".tar", OWN);
        MODULE.requireDependencies(INTERNAL + ".blocks", OWN);
    }

    @Test
    void inputsKnowSourcesOnly() {
        MODULE.requireDependencies(
                INTERNAL + ".input",
                "io.blobstore",
                "io.blobstore.memory",
                "io.blobstore.internal.buffer",
                OWN,
                INTERNAL + ".file");
    }

    @Test
    void imageLayoutsKnowNoRepository() {
        MODULE.requireDependencies(
                OWN + ".oci",
                "com.github.luben.zstd",
                "io.blobstore",
                "io.blobstore.internal.concurrent",
                INTERNAL + ".json");
        MODULE.requireDependencies(INTERNAL + ".json");
    }

    @Test
    void repositoriesKnowNoBackend() {
        MODULE.requireDependencies(
                OWN + ".repository",
                "org.slf4j",
                "io.blobstore",
                "io.blobstore.memory",
                "io.blobstore.spi",
                "io.blobstore.transfer",
                "io.blobstore.internal.buffer",
                "io.blobstore.internal.concurrent",
                "io.blobstore.internal.file",
                OWN,
                OWN + ".oci",
                INTERNAL + ".file",
                INTERNAL + ".format",
                INTERNAL + ".input",
                INTERNAL + ".verity");
    }
}
