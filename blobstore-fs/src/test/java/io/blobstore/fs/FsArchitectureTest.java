package io.blobstore.fs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** Asserts on the compiled classes the dependencies that {@code package-info.java} allows. */
class FsArchitectureTest {
    @Test
    void thePackageDependsOnTheContractInternalFilesAndSlf4jOnly() throws URISyntaxException {
        JavaClasses module = new ClassFileImporter()
                .importPath(Path.of(FsBlobStore.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI()));
        String own = FsBlobStore.class.getPackageName();
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "org.jspecify.annotations",
                        "org.slf4j",
                        "io.blobstore",
                        "io.blobstore.internal.concurrent",
                        "io.blobstore.internal.file",
                        "io.blobstore.spi",
                        own)
                .check(module);
        assertThat(module.getPackage(own).isAnnotatedWith(NullMarked.class)).isTrue();
    }
}
