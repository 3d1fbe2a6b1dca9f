package io.blobstore.cache;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.blobstore.cas.ContentCache;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Asserts on the compiled classes the dependencies that each {@code package-info.java} allows. */
class CacheArchitectureTest {
    private static final String CACHE = CachedBlobStore.class.getPackageName();
    private static final String PIECES = CACHE + ".pieces";
    private static final String CAS = ContentCache.class.getPackageName();

    private static JavaClasses module;

    @BeforeAll
    static void load() throws URISyntaxException {
        module = new ClassFileImporter()
                .importPath(Path.of(CachedBlobStore.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI()));
    }

    @Test
    void cachedStoresDependOnTheContractTheEngineAndTheCacheButNotOnItsInternals() {
        classes()
                .that()
                .resideInAPackage(CACHE)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "org.jspecify.annotations",
                        "org.slf4j",
                        "io.blobstore",
                        "io.blobstore.memory",
                        "io.blobstore.spi",
                        "io.blobstore.transfer",
                        "io.blobstore.internal.buffer",
                        "io.blobstore.internal.concurrent",
                        "io.blobstore.internal.file",
                        CACHE,
                        PIECES,
                        CAS)
                .check(module);
        assertThat(module.getPackage(CACHE).isAnnotatedWith(NullMarked.class)).isTrue();
    }

    @Test
    void theContentCacheKnowsNoStore() {
        noClasses()
                .that()
                .resideInAPackage(CAS + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(CACHE + "..")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("io.blobstore.BlobStore")
                .check(module);
    }
}
