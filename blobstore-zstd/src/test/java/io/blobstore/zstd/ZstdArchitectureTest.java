package io.blobstore.zstd;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Asserts on the compiled classes the dependencies that each {@code package-info.java} allows. */
class ZstdArchitectureTest {
    private static final String OWN = CompressedBlobs.class.getPackageName();
    private static final String INTERNAL = OWN + ".internal";

    private static JavaClasses module;

    @BeforeAll
    static void load() throws URISyntaxException {
        module = new ClassFileImporter()
                .importPath(Path.of(CompressedBlobs.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI()));
    }

    private static void assertDependsOn(String packageName, String... others) {
        classes()
                .that()
                .resideInAPackage(packageName)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(others)
                .check(module);
        assertThat(module.getPackage(packageName).isAnnotatedWith(NullMarked.class))
                .isTrue();
    }

    @Test
    void thePackageDependsOnTheContractTheTransferEngineAndBuffersOnly() {
        assertDependsOn(
                OWN,
                "java..",
                "org.jspecify.annotations",
                "io.blobstore",
                "io.blobstore.internal.buffer",
                "io.blobstore.spi",
                "io.blobstore.transfer",
                OWN,
                INTERNAL);
    }

    @Test
    void theFormatsDependOnZstdSourcesAndBuffersOnly() {
        assertDependsOn(
                INTERNAL,
                "java..",
                "org.jspecify.annotations",
                "com.github.luben.zstd",
                "io.blobstore",
                "io.blobstore.internal.buffer",
                INTERNAL);
    }
}
