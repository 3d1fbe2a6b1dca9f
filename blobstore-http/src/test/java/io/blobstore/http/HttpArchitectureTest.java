package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import io.blobstore.contract.ModuleClasses;
import io.blobstore.http.objects.BucketContext;
import org.junit.jupiter.api.Test;

/** Asserts the dependency rules of this module's {@code package-info.java} files on the compiled classes. */
class HttpArchitectureTest {
    private static final String OWN = HttpClient.class.getPackageName();
    private static final String OBJECTS = BucketContext.class.getPackageName();
    private static final ModuleClasses MODULE = ModuleClasses.of(HttpClient.class);

    @Test
    void theObjectsDependOnTheContractAndTheDataPlaneOnly() {
        MODULE.requireDependencies(
                OBJECTS,
                "javax.net.ssl",
                "org.slf4j",
                "io.blobstore",
                "io.blobstore.spi",
                "io.blobstore.internal.concurrent",
                OWN);
    }

    @Test
    void thePackageDependsOnTheContractAndTlsEnginesOnly() {
        MODULE.requireDependencies(
                OWN,
                "javax.net.ssl..",
                "javax.xml.stream",
                "org.slf4j",
                "io.blobstore",
                "io.blobstore.spi",
                "io.blobstore.internal.buffer",
                "io.netty..",
                "org.conscrypt..");
    }

    /** The optional libraries may be missing at run time: only these classes may refer to them. */
    @Test
    void oneClassRefersToEachOptionalEngine() {
        assertThat(MODULE.classes())
                .filteredOn(HttpArchitectureTest::refersToOptionalEngine)
                .extracting(JavaClass::getSimpleName)
                .containsExactlyInAnyOrder("OpenSslContext", "ConscryptProvider");
    }

    private static boolean refersToOptionalEngine(JavaClass type) {
        return type.getDirectDependenciesFromSelf().stream()
                .map(dependency -> dependency.getTargetClass().getPackageName())
                .anyMatch(name -> name.startsWith("io.netty") || name.startsWith("org.conscrypt"));
    }
}
