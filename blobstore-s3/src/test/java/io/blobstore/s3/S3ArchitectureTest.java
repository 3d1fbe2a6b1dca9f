package io.blobstore.s3;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** Verifies the dependencies that {@code package-info.java} documents, on the compiled classes. */
class S3ArchitectureTest {
    private static final String OWN = S3BlobStore.class.getPackageName();

    @Test
    void thePackageDependsOnTheContractTheDataPlaneTheSdkAndSlf4jOnly() throws URISyntaxException {
        JavaClasses module = module();
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.net.ssl",
                        "javax.xml.stream",
                        "org.jspecify.annotations",
                        "org.slf4j",
                        "software.amazon.awssdk..",
                        "io.blobstore",
                        "io.blobstore.http",
                        "io.blobstore.http.objects",
                        "io.blobstore.spi",
                        OWN)
                .check(module);
        assertThat(module.getPackage(OWN).isAnnotatedWith(NullMarked.class)).isTrue();
    }

    @Test
    void noInternalsOfTheSdkAreUsed() throws URISyntaxException {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("software.amazon.awssdk..internal..")
                .check(module());
    }

    private static JavaClasses module() throws URISyntaxException {
        return new ClassFileImporter()
                .importPath(Path.of(S3BlobStore.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI()));
    }
}
