package io.blobstore.s3;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.ModuleClasses;
import org.junit.jupiter.api.Test;

/** Verifies the dependencies that {@code package-info.java} documents, on the compiled classes. */
class S3ArchitectureTest {
    private static final String OWN = S3BlobStore.class.getPackageName();
    private static final ModuleClasses MODULE = ModuleClasses.of(S3BlobStore.class);

    @Test
    void thePackageDependsOnTheContractTheDataPlaneTheSdkAndSlf4jOnly() {
        assertThat(MODULE.packages()).containsExactly(OWN);
        MODULE.requireDependencies(
                OWN,
                "javax.net.ssl",
                "javax.xml.stream",
                "org.slf4j",
                "software.amazon.awssdk..",
                "io.blobstore",
                "io.blobstore.http",
                "io.blobstore.http.objects",
                "io.blobstore.spi");
    }

    @Test
    void noInternalsOfTheSdkAreUsed() {
        MODULE.require(
                noClasses().should().dependOnClassesThat().resideInAnyPackage("software.amazon.awssdk..internal.."));
    }
}
