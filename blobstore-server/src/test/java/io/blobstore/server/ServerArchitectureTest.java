package io.blobstore.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.ModuleClasses;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** Asserts on the compiled classes which packages of the server may depend on which. */
class ServerArchitectureTest {
    private static final String SERVER = CacheServer.class.getPackageName();
    private static final String SHARED = SERVER + ".internal";
    private static final String REMOTE = SHARED + ".remote";
    private static final String HTTP = SHARED + ".http";
    private static final ModuleClasses MODULE = ModuleClasses.of(CacheServer.class);

    @Test
    void noLibraryIsInTheSignaturesOfTheServer() {
        MODULE.require(noClasses()
                .that()
                .resideInAPackage(SERVER)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty..", "io.grpc..", "at.favre.."));
        assertThat(MODULE.classes().getPackage(SERVER).isAnnotatedWith(NullMarked.class))
                .isTrue();
    }

    @Test
    void whatTheEndpointsShareKnowsNoEndpoint() {
        MODULE.requireDependencies(
                SHARED,
                "org.slf4j",
                "at.favre.lib.crypto.bcrypt",
                "io.blobstore",
                "io.blobstore.internal.buffer",
                "io.blobstore.zstd.internal",
                "io.blobstore.cas",
                "io.blobstore.cache",
                SERVER,
                REMOTE);
    }

    @Test
    void theRemoteTierKnowsNoEndpoint() {
        MODULE.requireDependencies(
                REMOTE,
                "javax.net.ssl",
                "org.slf4j",
                "io.blobstore",
                "io.blobstore.http",
                "io.blobstore.http.objects",
                "io.blobstore.internal.buffer",
                "io.blobstore.internal.concurrent",
                "io.blobstore.spi",
                "io.blobstore.transfer",
                "io.blobstore.zstd",
                "io.blobstore.zstd.internal",
                "io.blobstore.cas",
                "io.blobstore.cache",
                SERVER,
                SHARED);
    }

    @Test
    void theHttpEndpointKnowsTheCacheByWhatIsShared() {
        MODULE.requireDependencies(
                HTTP,
                "javax.net.ssl",
                "org.slf4j",
                "io.netty..",
                "io.blobstore",
                "io.blobstore.cache",
                "io.blobstore.cas",
                SERVER,
                SHARED,
                REMOTE);
    }
}
