package io.blobstore.spring;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import io.blobstore.contract.ModuleClasses;
import org.junit.jupiter.api.Test;

/** Asserts on the compiled classes the dependencies that each {@code package-info.java} allows. */
class SpringArchitectureTest {
    private static final String OWN = BlobResource.class.getPackageName();
    private static final String BOOT = OWN + ".boot";
    private static final ModuleClasses MODULE = ModuleClasses.of(BlobResource.class);

    @Test
    void resourcesAndResponsesDependOnTheLibrarySpringAndTheServletApiOnly() {
        MODULE.requireDependencies(
                OWN,
                "jakarta.servlet..",
                "org.springframework.core.io",
                "org.springframework.http",
                "io.blobstore",
                "io.blobstore.transfer");
    }

    @Test
    void theConfigurationDependsOnTheLibraryAndSpringOnly() {
        MODULE.requireDependencies(
                BOOT,
                "org.slf4j",
                "org.springframework..",
                "io.micrometer..",
                "io.blobstore",
                "io.blobstore.micrometer",
                "io.blobstore.spi",
                "io.blobstore.transfer");
    }

    /** Where the versions of Spring Boot differ. */
    @Test
    void typesOfOneVersionAreInAClassOfTheirOwn() {
        MODULE.require(noClasses()
                .that()
                .haveSimpleNameNotStartingWith("Boot3")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.springframework.boot.actuate.."));
        MODULE.require(noClasses()
                .that()
                .haveSimpleNameNotStartingWith("Boot4")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.springframework.boot.health.."));
    }
}
