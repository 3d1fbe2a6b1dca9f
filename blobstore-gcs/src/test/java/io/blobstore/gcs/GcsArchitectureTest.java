package io.blobstore.gcs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** Verifies the dependencies that {@code package-info.java} documents, on the compiled classes. */
class GcsArchitectureTest {
    private static final String OWN = GcsBlobStore.class.getPackageName();

    @Test
    void thePackageDependsOnTheContractTheDataPlaneTheSdkAndSlf4jOnly() throws URISyntaxException {
        JavaClasses module = new ClassFileImporter()
                .importPath(Path.of(GcsBlobStore.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI()));
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.net.ssl",
                        "org.jspecify.annotations",
                        "org.slf4j",
                        "com.google.api..",
                        "com.google.auth..",
                        "com.google.cloud..",
                        "io.blobstore",
                        "io.blobstore.http",
                        "io.blobstore.http.objects",
                        "io.blobstore.spi",
                        OWN)
                .check(module);
        assertThat(module.getPackage(OWN).isAnnotatedWith(NullMarked.class)).isTrue();
    }
}
