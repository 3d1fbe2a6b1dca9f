package io.blobstore.spring;

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

/** Asserts on the compiled classes the dependencies that each {@code package-info.java} allows. */
class SpringArchitectureTest {
    private static final String OWN = BlobResource.class.getPackageName();
    private static final String BOOT = OWN + ".boot";

    private static JavaClasses module;

    @BeforeAll
    static void load() throws URISyntaxException {
        module = new ClassFileImporter()
                .importPath(Path.of(BlobResource.class
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
    void resourcesAndResponsesDependOnTheLibrarySpringAndTheServletApiOnly() {
        assertDependsOn(
                OWN,
                "java..",
                "jakarta.servlet..",
                "org.jspecify.annotations",
                "org.springframework.core.io",
                "org.springframework.http",
                "io.blobstore",
                "io.blobstore.transfer",
                OWN);
    }

    @Test
    void theConfigurationDependsOnTheLibraryAndSpringOnly() {
        assertDependsOn(
                BOOT,
                "java..",
                "org.jspecify.annotations",
                "org.slf4j",
                "org.springframework..",
                "io.micrometer..",
                "io.blobstore",
                "io.blobstore.micrometer",
                "io.blobstore.spi",
                "io.blobstore.transfer",
                BOOT);
    }

    /** Where the versions of Spring Boot differ. */
    @Test
    void typesOfOneVersionAreInAClassOfTheirOwn() {
        noClasses()
                .that()
                .haveSimpleNameNotStartingWith("Boot3")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.springframework.boot.actuate..")
                .check(module);
        noClasses()
                .that()
                .haveSimpleNameNotStartingWith("Boot4")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.springframework.boot.health..")
                .check(module);
    }
}
