package io.blobstore.fs;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.ModuleClasses;
import org.junit.jupiter.api.Test;

/** Asserts on the compiled classes the dependencies that {@code package-info.java} allows. */
class FsArchitectureTest {
    private static final String OWN = FsBlobStore.class.getPackageName();
    private static final ModuleClasses MODULE = ModuleClasses.of(FsBlobStore.class);

    @Test
    void thePackageDependsOnTheContractInternalFilesAndSlf4jOnly() {
        assertThat(MODULE.packages()).containsExactly(OWN);
        MODULE.requireDependencies(
                OWN,
                "org.slf4j",
                "io.blobstore",
                "io.blobstore.internal.concurrent",
                "io.blobstore.internal.file",
                "io.blobstore.spi");
    }
}
