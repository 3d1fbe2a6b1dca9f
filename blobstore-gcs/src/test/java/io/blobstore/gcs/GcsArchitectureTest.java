package io.blobstore.gcs;

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
class GcsArchitectureTest {
    private static final String OWN = GcsBlobStore.class.getPackageName();
    private static final String GRPC = OWN + ".grpc";

    private static JavaClasses module() throws URISyntaxException {
        return new ClassFileImporter()
                .importPath(Path.of(GcsBlobStore.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI()));
    }

    @Test
    void onlyOnePackageDependsOnGrpcAndItDoesNotDependOnTheStore() throws URISyntaxException {
        JavaClasses module = module();
        noClasses()
                .that()
                .resideOutsideOfPackage(GRPC)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.grpc..", "com.google.protobuf..", "com.google.storage.v2..", "com.google.api.gax.grpc..")
                .check(module);
        classes()
                .that()
                .resideInAPackage(GRPC)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.net.ssl",
                        "org.jspecify.annotations",
                        "org.slf4j..",
                        "io.grpc..",
                        "com.google.protobuf..",
                        "com.google.storage.v2..",
                        "com.google.rpc..",
                        "com.google.api.gax..",
                        "com.google.api.core..",
                        "com.google.auth..",
                        "io.blobstore",
                        "io.blobstore.spi",
                        "io.blobstore.http",
                        "io.blobstore.http.objects",
                        GRPC)
                .check(module);
        assertThat(module.getPackage(GRPC).isAnnotatedWith(NullMarked.class)).isTrue();
    }

    @Test
    void thePackageDependsOnTheContractTheDataPlaneTheSdkAndSlf4jOnly() throws URISyntaxException {
        JavaClasses module = module();
        classes()
                .that()
                .resideInAPackage(OWN)
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
                        GRPC,
                        OWN)
                .check(module);
        assertThat(module.getPackage(OWN).isAnnotatedWith(NullMarked.class)).isTrue();
    }
}
