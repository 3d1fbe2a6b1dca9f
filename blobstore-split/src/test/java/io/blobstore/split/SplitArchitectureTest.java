package io.blobstore.split;

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
class SplitArchitectureTest {
    private static final String OWN = SplitSink.class.getPackageName();
    private static final String INTERNAL = OWN + ".internal";

    private static JavaClasses module;

    @BeforeAll
    static void load() throws URISyntaxException {
        module = new ClassFileImporter()
                .importPath(Path.of(SplitSink.class
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
    void thePublicValuesKnowTheContractAndTheSplittersOnly() {
        assertDependsOn(
                OWN,
                "java..",
                "org.jspecify.annotations",
                "io.blobstore",
                OWN,
                INTERNAL + ".blocks",
                INTERNAL + ".tar");
    }

    @Test
    void digestsKnowNeitherStreamsNorSplitters() {
        assertDependsOn(
                INTERNAL + ".verity", "java..", "org.jspecify.annotations", "io.blobstore", OWN, INTERNAL + ".verity");
    }

    @Test
    void theFormatKnowsNeitherSplittersNorStores() {
        assertDependsOn(
                INTERNAL + ".format",
                "java..",
                "org.jspecify.annotations",
                "com.github.luben.zstd",
                "io.blobstore",
                "io.blobstore.internal.buffer",
                OWN,
                INTERNAL + ".file",
                INTERNAL + ".format",
                INTERNAL + ".verity");
    }

    @Test
    void temporaryFilesKnowSourcesOnly() {
        assertDependsOn(
                INTERNAL + ".file",
                "java..",
                "org.jspecify.annotations",
                "io.blobstore",
                "io.blobstore.internal.buffer",
                INTERNAL + ".file");
    }

    @Test
    void splittersKnowTheirInputsAndSinksOnly() {
        assertDependsOn(INTERNAL + ".tar", "java..", "org.jspecify.annotations", OWN, INTERNAL + ".tar");
        assertDependsOn(INTERNAL + ".blocks", "java..", "org.jspecify.annotations", OWN, INTERNAL + ".blocks");
    }

    @Test
    void inputsKnowSourcesOnly() {
        assertDependsOn(
                INTERNAL + ".input",
                "java..",
                "org.jspecify.annotations",
                "io.blobstore",
                "io.blobstore.memory",
                "io.blobstore.internal.buffer",
                OWN,
                INTERNAL + ".file",
                INTERNAL + ".input");
    }

    @Test
    void imageLayoutsKnowNoRepository() {
        assertDependsOn(
                OWN + ".oci",
                "java..",
                "org.jspecify.annotations",
                "com.github.luben.zstd",
                "io.blobstore",
                "io.blobstore.internal.concurrent",
                INTERNAL + ".json",
                OWN + ".oci");
        assertDependsOn(INTERNAL + ".json", "java..", "org.jspecify.annotations", INTERNAL + ".json");
    }

    @Test
    void repositoriesKnowNoBackend() {
        assertDependsOn(
                OWN + ".repository",
                "java..",
                "org.jspecify.annotations",
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
                INTERNAL + ".verity",
                OWN + ".repository");
    }
}
