package io.blobstore.cache;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import io.blobstore.BlobStore;
import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheListener;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Durability;
import io.blobstore.cas.Keyspace;
import io.blobstore.cas.StorageMode;
import io.blobstore.contract.ModuleClasses;
import org.junit.jupiter.api.Test;

/** Asserts on the compiled classes the dependencies that each {@code package-info.java} allows. */
class CacheArchitectureTest {
    private static final String CACHE = CachedBlobStore.class.getPackageName();
    private static final String PIECES = CACHE + ".pieces";
    private static final String CAS = ContentCache.class.getPackageName();
    private static final String CAS_INTERNAL = CAS + ".internal";

    private static final DescribedPredicate<JavaClass> STORE = assignableTo(BlobStore.class);
    private static final ModuleClasses MODULE = ModuleClasses.of(CachedBlobStore.class);

    /** The buffers, files and interrupts of blobstore-api. */
    private static final DescribedPredicate<JavaClass> INTERNALS = resideInAnyPackage(
            "io.blobstore.internal.buffer", "io.blobstore.internal.file", "io.blobstore.internal.concurrent");

    /** The contract and the engine. */
    private static final DescribedPredicate<JavaClass> ENGINE = resideInAnyPackage(
            "org.slf4j..", "io.blobstore", "io.blobstore.memory", "io.blobstore.spi", "io.blobstore.transfer");

    @Test
    void cachedStoresDependOnTheContractTheEngineAndTheCacheButNotOnItsInternals() {
        MODULE.requireDependencies(
                CACHE, ENGINE.or(resideInAnyPackage(CAS, PIECES)).or(INTERNALS));
    }

    @Test
    void piecesDependOnTheContractTheEngineAndTheExceptionsOfTheContentCache() {
        MODULE.requireDependencies(
                PIECES,
                ENGINE.or(resideInAPackage(CAS).and(assignableTo(Exception.class)))
                        .or(INTERNALS));
    }

    @Test
    void theContentCacheKnowsNoStore() {
        MODULE.requireDependencies(
                CAS,
                resideInAPackage("io.blobstore")
                        .and(not(STORE))
                        .or(resideInAnyPackage(
                                "org.slf4j..",
                                "io.blobstore.internal.buffer",
                                "io.blobstore.zstd.internal",
                                CAS_INTERNAL)));
    }

    @Test
    void theEngineOfTheContentCacheKnowsTheValuesOfItsFaceAndNoStore() {
        MODULE.requireDependencies(
                CAS_INTERNAL,
                resideInAnyPackage("io.blobstore", "io.blobstore.memory")
                        .and(not(STORE))
                        .or(resideInAnyPackage(
                                "org.slf4j..",
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
        assertThat(MODULE.packages()).containsExactlyInAnyOrder(CACHE, PIECES, CAS, CAS_INTERNAL);
    }
}
