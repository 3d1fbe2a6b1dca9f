package io.blobstore.bench.report;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.api.Test;

/** The dependencies of the report, as stated by its {@code package-info}. */
class ReportDependenciesTest {
    @Test
    void neitherJmhNorClientsNorStoresAreKnown() {
        classes()
                .that()
                .resideInAPackage("io.blobstore.bench.report")
                .and()
                .haveNameNotMatching(".*Test(\\$.*)?")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "io.blobstore.bench.report",
                        "com.fasterxml.jackson.jr..",
                        "com.fasterxml.jackson.core..",
                        "org.jspecify.annotations",
                        "java.."))
                .check(new ClassFileImporter().importUrl(Series.class.getResource("/io/blobstore/bench/report")));
    }
}
