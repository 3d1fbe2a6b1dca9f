package io.blobstore.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** What {@code package-info} says the command may depend on. */
class DependenciesTest {
    @Test
    void backendsAreKnownByTheirUrisOnly() {
        classes()
                .that()
                .resideInAPackage("io.blobstore.cli")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "io.blobstore.cli",
                        "io.blobstore",
                        "io.blobstore.cache",
                        "io.blobstore.cas",
                        "io.blobstore.directory",
                        "io.blobstore.memory",
                        "io.blobstore.server",
                        "io.blobstore.split",
                        "io.blobstore.split.oci",
                        "io.blobstore.split.repository",
                        "io.blobstore.transfer",
                        "io.blobstore.zstd",
                        "picocli",
                        "com.fasterxml.jackson.jr..",
                        "com.fasterxml.jackson.core..",
                        "org.jspecify.annotations",
                        "com.sun.management",
                        "java..")
                .check(new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("io.blobstore.cli"));
    }
}
