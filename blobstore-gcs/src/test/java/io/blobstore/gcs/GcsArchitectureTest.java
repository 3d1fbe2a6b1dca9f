package io.blobstore.gcs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.ModuleClasses;
import org.junit.jupiter.api.Test;

/** Verifies the dependencies that {@code package-info.java} documents, on the compiled classes. */
class GcsArchitectureTest {
    private static final String OWN = GcsBlobStore.class.getPackageName();
    private static final String GRPC = OWN + ".grpc";
    private static final ModuleClasses MODULE = ModuleClasses.of(GcsBlobStore.class);

    @Test
    void onlyOnePackageDependsOnGrpcAndItDoesNotDependOnTheStore() {
        MODULE.require(noClasses()
                .that()
                .resideOutsideOfPackage(GRPC)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.grpc..", "com.google.protobuf..", "com.google.storage.v2..", "com.google.api.gax.grpc.."));
        MODULE.requireDependencies(
                GRPC,
                "javax.net.ssl",
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
                "io.blobstore.http.objects");
    }

    @Test
    void thePackageDependsOnTheContractTheDataPlaneTheSdkAndSlf4jOnly() {
        assertThat(MODULE.packages()).containsExactly(OWN, GRPC);
        MODULE.requireDependencies(
                OWN,
                "javax.net.ssl",
                "org.slf4j",
                "com.google.api..",
                "com.google.auth..",
                "com.google.cloud..",
                "io.blobstore",
                "io.blobstore.http",
                "io.blobstore.http.objects",
                "io.blobstore.spi",
                GRPC);
    }
}
