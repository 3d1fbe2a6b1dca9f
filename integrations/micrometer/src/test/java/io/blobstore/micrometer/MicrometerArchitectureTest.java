package io.blobstore.micrometer;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Asserts on the compiled classes the dependencies that {@code package-info.java} allows. */
class MicrometerArchitectureTest {
    private static JavaClasses module;

    @BeforeAll
    static void load() throws URISyntaxException {
        module = new ClassFileImporter()
                .importPath(Path.of(BlobStoreMetrics.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI()));
    }

    @Test
    void thePackageDependsOnTheContractAndMicrometerOnly() {
        classes()
                .that()
                .resideInAPackage("io.blobstore.micrometer")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "org.jspecify.annotations",
                        "io.blobstore",
                        "io.blobstore.memory",
                        "io.blobstore.cache",
                        "io.blobstore.micrometer",
                        "io.micrometer..")
                .check(module);
        assertThat(module.getPackage("io.blobstore.micrometer").isAnnotatedWith(NullMarked.class))
                .isTrue();
    }

    /** The cache is optional: without it, everything else must load. */
    @Test
    void onlyTheMetricsOfTheCacheNeedIt() {
        noClasses()
                .that()
                .doNotHaveSimpleName("CacheMetrics")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.blobstore.cache")
                .check(module);
    }
}
