package io.blobstore.server;

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

/** Asserts on the compiled classes which packages of the server may depend on which. */
class ServerArchitectureTest {
    private static final String SERVER = CacheServer.class.getPackageName();
    private static final String SHARED = SERVER + ".internal";
    private static final String REMOTE = SHARED + ".remote";
    private static final String HTTP = SHARED + ".http";

    private static JavaClasses module;

    @BeforeAll
    static void load() throws URISyntaxException {
        module = new ClassFileImporter()
                .importPath(Path.of(CacheServer.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI()));
    }

    @Test
    void noLibraryIsInTheSignaturesOfTheServer() {
        noClasses()
                .that()
                .resideInAPackage(SERVER)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty..", "io.grpc..", "at.favre..")
                .check(module);
    }

    @Test
    void whatTheEndpointsShareKnowsNoEndpoint() {
        classes()
                .that()
                .resideInAPackage(SHARED)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "org.jspecify.annotations",
                        "org.slf4j",
                        "at.favre.lib.crypto.bcrypt",
                        "io.blobstore",
                        "io.blobstore.internal.buffer",
                        "io.blobstore.zstd.internal",
                        "io.blobstore.cas",
                        "io.blobstore.cache",
                        SERVER,
                        SHARED,
                        REMOTE)
                .check(module);
    }

    @Test
    void theRemoteTierKnowsNoEndpoint() {
        classes()
                .that()
                .resideInAPackage(REMOTE)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.net.ssl",
                        "org.jspecify.annotations",
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
                        SHARED,
                        REMOTE)
                .check(module);
    }

    @Test
    void theHttpEndpointKnowsTheCacheByWhatIsShared() {
        classes()
                .that()
                .resideInAPackage(HTTP)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.net.ssl",
                        "org.jspecify.annotations",
                        "org.slf4j",
                        "io.netty..",
                        "io.blobstore",
                        "io.blobstore.cache",
                        "io.blobstore.cas",
                        SERVER,
                        SHARED,
                        REMOTE,
                        HTTP)
                .check(module);
        for (String name : new String[] {SERVER, SHARED, HTTP}) {
            assertThat(module.getPackage(name).isAnnotatedWith(NullMarked.class))
                    .isTrue();
        }
    }
}
