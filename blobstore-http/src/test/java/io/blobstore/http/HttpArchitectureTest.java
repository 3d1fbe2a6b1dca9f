package io.blobstore.http;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.blobstore.http.objects.BucketContext;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** Asserts the dependency rules of this module's {@code package-info.java} files on the compiled classes. */
class HttpArchitectureTest {
    private static final String OWN = HttpClient.class.getPackageName();

    private static final String OBJECTS = BucketContext.class.getPackageName();

    @Test
    void theObjectsDependOnTheContractAndTheDataPlaneOnly() throws URISyntaxException {
        JavaClasses module = module();
        classes()
                .that()
                .resideInAPackage(OBJECTS)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.net.ssl",
                        "org.jspecify.annotations",
                        "org.slf4j",
                        "io.blobstore",
                        "io.blobstore.spi",
                        "io.blobstore.internal.concurrent",
                        OWN,
                        OBJECTS)
                .check(module);
        assertThat(module.getPackage(OBJECTS).isAnnotatedWith(NullMarked.class)).isTrue();
    }

    @Test
    void thePackageDependsOnTheContractAndTlsEnginesOnly() throws URISyntaxException {
        JavaClasses module = module();
        classes()
                .that()
                .resideInAPackage(OWN)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.net.ssl..",
                        "javax.xml.stream",
                        "org.jspecify.annotations",
                        "org.slf4j",
                        "io.blobstore",
                        "io.blobstore.spi",
                        "io.blobstore.internal.buffer",
                        OWN,
                        "io.netty..",
                        "org.conscrypt..")
                .check(module);
        assertThat(module.getPackage(OWN).isAnnotatedWith(NullMarked.class)).isTrue();
    }

    /** The optional libraries may be missing at run time: only these classes may refer to them. */
    @Test
    void oneClassRefersToEachOptionalEngine() throws URISyntaxException {
        assertThat(module())
                .filteredOn(HttpArchitectureTest::refersToOptionalEngine)
                .extracting(JavaClass::getSimpleName)
                .containsExactlyInAnyOrder("OpenSslContext", "ConscryptProvider");
    }

    private static boolean refersToOptionalEngine(JavaClass type) {
        return type.getDirectDependenciesFromSelf().stream()
                .map(dependency -> dependency.getTargetClass().getPackageName())
                .anyMatch(name -> name.startsWith("io.netty") || name.startsWith("org.conscrypt"));
    }

    private static JavaClasses module() throws URISyntaxException {
        return new ClassFileImporter()
                .importPath(Path.of(HttpClient.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI()));
    }
}
