package io.blobstore.micrometer;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import io.blobstore.contract.ModuleClasses;
import org.junit.jupiter.api.Test;

/** Asserts on the compiled classes the dependencies that {@code package-info.java} allows. */
class MicrometerArchitectureTest {
    private static final ModuleClasses MODULE = ModuleClasses.of(BlobStoreMetrics.class);

    @Test
    void thePackageDependsOnTheContractAndMicrometerOnly() {
        MODULE.requireDependencies(
                "io.blobstore.micrometer",
                "io.blobstore",
                "io.blobstore.memory",
                "io.blobstore.cache",
                "io.micrometer..");
    }

    /** The cache is optional: without it, everything else must load. */
    @Test
    void onlyTheMetricsOfTheCacheNeedIt() {
        MODULE.require(noClasses()
                .that()
                .doNotHaveSimpleName("CacheMetrics")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.blobstore.cache"));
    }
}
