package io.blobstore.cache;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.blobstore.BlobStore;
import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheListener;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Durability;
import io.blobstore.cas.Keyspace;
import io.blobstore.cas.StorageMode;
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
    private static final String CAS_INTERNAL = CAS + ".internal";

    private static final DescribedPredicate<JavaClass> STORE = assignableTo(BlobStore.class);
    /** The buffers, files and interrupts of blobstore-api. */
    private static final DescribedPredicate<JavaClass> INTERNALS = resideInAnyPackage(
            "io.blobstore.internal.buffer", "io.blobstore.internal.file", "io.blobstore.internal.concurrent");

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

    private static void assertDependsOn(String packageName, DescribedPredicate<JavaClass> allowed) {
        classes()
                .that()
                .resideInAPackage(packageName)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage("java..", "org.jspecify.annotations", "org.slf4j..")
                        .or(resideInAPackage(packageName))
                        .or(allowed))
                .check(module);
        assertThat(module.getPackage(packageName).isAnnotatedWith(NullMarked.class))
                .isTrue();
    }

    @Test
    void cachedStoresDependOnTheContractTheEngineAndTheCacheButNotOnItsInternals() {
        assertDependsOn(
                CACHE,
                resideInAnyPackage("io.blobstore", "io.blobstore.memory", "io.blobstore.spi", "io.blobstore.transfer")
                        .or(resideInAnyPackage(CAS, PIECES))
                        .or(INTERNALS));
    }

    @Test
    void piecesDependOnTheContractTheEngineAndTheExceptionsOfTheContentCache() {
        assertDependsOn(
                PIECES,
                resideInAnyPackage("io.blobstore", "io.blobstore.memory", "io.blobstore.spi", "io.blobstore.transfer")
                        .or(resideInAPackage(CAS).and(assignableTo(Exception.class)))
                        .or(INTERNALS));
    }

    @Test
    void theContentCacheKnowsNoStore() {
        assertDependsOn(
                CAS,
                resideInAPackage("io.blobstore")
                        .and(not(STORE))
                        .or(resideInAnyPackage(
                                "io.blobstore.internal.buffer", "io.blobstore.zstd.internal", CAS_INTERNAL)));
    }

    @Test
    void theEngineOfTheContentCacheKnowsTheValuesOfItsFaceAndNoStore() {
        assertDependsOn(
                CAS_INTERNAL,
                resideInAnyPackage("io.blobstore", "io.blobstore.memory")
                        .and(not(STORE))
                        .or(resideInAnyPackage(
                                "io.blobstore.internal.buffer",
                                "io.blobstore.internal.file",
                                "io.blobstore.zstd.internal"))
                        .or(belongToAnyOf(
                                AccessMode.class,
                                CacheListener.class,
                                CacheOptions.class,
                                Durability.class,
                                Keyspace.class,
                                StorageMode.class))
                        .or(resideInAPackage(CAS).and(assignableTo(Exception.class))));
    }

    @Test
    void nothingElseIsInTheModule() {
        assertThat(module.stream().map(JavaClass::getPackageName).distinct())
                .containsExactlyInAnyOrder(CACHE, PIECES, CAS, CAS_INTERNAL);
    }
}
