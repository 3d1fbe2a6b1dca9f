package io.blobstore.modules;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.ChildJvm.Exit;
import io.blobstore.contract.ModularApplication;
import io.blobstore.docs.Page;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Applications that are named modules use the packaged modules of this library; see docs/compatibility.md. */
@Tag("jdk")
class ModulePathTest {
    private static final String[] NAMED = {
        "io.blobstore",
        "io.blobstore.cache",
        "io.blobstore.fs",
        "io.blobstore.http",
        "io.blobstore.s3",
        "io.blobstore.split",
        "io.blobstore.zstd"
    };

    /** What the modules above depend on. */
    private static final String[] LIBRARIES = {
        "com.github.luben.zstd_jni",
        "org.reactivestreams",
        "org.slf4j",
        "software.amazon.awssdk",
        "software.amazon.eventstream"
    };

    private static final String ALL = """
            package application;

            import io.blobstore.*;
            import io.blobstore.cache.*;
            import io.blobstore.cas.*;
            import io.blobstore.memory.MappedFile;
            import io.blobstore.split.*;
            import io.blobstore.split.repository.*;
            import io.blobstore.transfer.*;
            import io.blobstore.zstd.CompressedBlobs;
            import java.nio.ByteBuffer;
            import java.nio.file.*;

            public class Main {
                public static void main(String[] args) throws Exception {
                    Path image = Files.write(Path.of("disk.img"), new byte[3_000_000]);
                    BlobKey key = BlobKey.of("disk.img");
                    try (BlobStore store = BlobStores.open("file:" + Path.of("blobs").toAbsolutePath() + "?create=true");
                            TransferManager transfers = TransferManager.create();
                            MappedFile file = MappedFile.open(image)) {
                        transfers.upload(store, key, file.region()).join();
                        transfers.download(store, key, ByteRange.all(), BlobTarget.ofPath(Path.of("copy"))).join();
                        System.out.println("store " + Files.mismatch(image, Path.of("copy")));

                        CompressedBlobs compressed = CompressedBlobs.of(store);
                        compressed.upload(transfers, BlobKey.of("disk.zst"), file.region()).join();
                        System.out.println("zstd " + compressed.contents().head(BlobKey.of("disk.zst")).size());

                        SplitEngine engine = SplitEngine.of(transfers);
                        Repository repository = Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
                        engine.split(repository, "disk", file.region(), SplitOptions.DEFAULT).join();
                        engine.merge(repository, "disk", BlobTarget.ofPath(Path.of("merged"))).join();
                        System.out.println("split " + Files.mismatch(image, Path.of("merged")));

                        Path directory = Files.createDirectory(Path.of("cache"));
                        try (ContentCache cache = ContentCache.open(directory, CacheOptions.ofMaxBytes(10 << 20))) {
                            Digest digest = Digest.of(file.region());
                            cache.put(digest, file.region());
                            ByteBuffer memory = ByteBuffer.allocateDirect(10);
                            System.out.println("cache " + cache.get(digest, ByteRange.of(0, 10), memory).getAsLong());
                        }
                    }
                    try (BlobStore bucket = BlobStores.open(
                            "s3://bucket?region=eu-central-1&endpoint=http://127.0.0.1:1&maxAttempts=1")) {
                        bucket.head(key);
                    } catch (BlobStoreException e) {
                        System.out.println("s3 " + e.getMessage());
                    }
                }
            }
            """;

    /** Opens the store of a URI, and requests a blob that cannot be there. */
    private static final String OPENING = """
            package application;

            import io.blobstore.*;

            public class Main {
                public static void main(String[] args) throws Exception {
                    try (BlobStore store = BlobStores.open(args[0])) {
                        store.head(BlobKey.of("missing"));
                    } catch (BlobStoreException | IllegalStateException e) {
                        System.out.println(e);
                    }
                }
            }
            """;

    private static final String SERVER = """
            package application;

            import io.blobstore.cas.*;
            import io.blobstore.server.*;
            import java.net.*;
            import java.net.http.*;
            import java.nio.file.*;

            public class Main {
                public static void main(String[] args) throws Exception {
                    Path directory = Files.createDirectory(Path.of("cache"));
                    try (ContentCache cache = ContentCache.open(directory, CacheOptions.ofMaxBytes(10 << 20));
                            CacheServer server = CacheServer.builder(cache)
                                    .http(HttpOptions.of(new InetSocketAddress("127.0.0.1", 0)))
                                    .grpc(GrpcOptions.of(new InetSocketAddress("127.0.0.1", 0)))
                                    .start()) {
                        URI health = URI.create("http://127.0.0.1:" + server.httpAddress().getPort() + "/healthz");
                        HttpRequest request = HttpRequest.newBuilder(health).build();
                        System.out.println("health " + HttpClient.newHttpClient()
                                .send(request, HttpResponse.BodyHandlers.ofString())
                                .statusCode());
                    }
                }
            }
            """;

    @TempDir
    Path directory;

    @Test
    void allNamedModulesWorkOnTheModulePath() throws Exception {
        Exit exit = new ModularApplication(directory)
                .withModules(NAMED)
                .withLibraries(LIBRARIES)
                .withOptions("-Daws.accessKeyId=none", "-Daws.secretAccessKey=none")
                .run(descriptor(NAMED), ALL);

        assertThat(exit.output())
                .contains("store -1\n", "zstd 3000000\n", "split -1\n", "cache 10\n")
                .containsPattern("s3 .*no connection to .*127.0.0.1:1");
        assertThat(exit.code()).isZero();
    }

    /** Their SDKs' archives share packages, and are found on the class path. */
    @Test
    void theModuleOfCloudStorageIsAutomatic() throws Exception {
        Exit exit = new ModularApplication(directory)
                .withModules("io.blobstore", "io.blobstore.http", "io.blobstore.gcs")
                .withLibraries("org.slf4j")
                .withClassPath(ModulePathTest::isLibrary)
                .withOptions("--add-modules", "io.blobstore.http")
                .run(
                        descriptor("io.blobstore", "io.blobstore.gcs"),
                        OPENING,
                        "gs://bucket?endpoint=http://127.0.0.1:1");

        assertThat(exit.output()).containsPattern("BlobStoreException: .*no connection to .*127.0.0.1:1");
        assertThat(exit.code()).isZero();
    }

    @Test
    void theModuleOfTheCacheServerIsAutomatic() throws Exception {
        Exit exit = new ModularApplication(directory)
                .withModules("io.blobstore", "io.blobstore.cache", "io.blobstore.http", "io.blobstore.zstd")
                .withModules("io.blobstore.server")
                .withLibraries("org.slf4j", "com.github.luben.zstd_jni")
                .withClassPath(
                        archive -> isLibrary(archive) || archive.toString().contains("blobstore-reapi"))
                .withOptions("--add-modules", "io.blobstore.http")
                .run(
                        "module application { requires io.blobstore.cache; requires io.blobstore.server;"
                                + " requires java.net.http; }",
                        SERVER);

        assertThat(exit.output()).contains("health 200");
        assertThat(exit.code()).isZero();
    }

    @Test
    void aStoreOnTheClassPathOfAModularApplicationIsAClearError() throws Exception {
        Exit exit = new ModularApplication(directory)
                .withModules("io.blobstore")
                .withLibraries("org.slf4j")
                .withClassPath(archive -> archive.toString().contains("blobstore-fs"))
                .run(descriptor("io.blobstore"), OPENING, directory.toUri().toString());

        assertThat(exit.output())
                .contains("blobstore-fs is on the class path, but io.blobstore is on the module path")
                .doesNotContain("IllegalAccessError");
        assertThat(exit.code()).isZero();
    }

    @Test
    void cloudStorageOnTheClassPathOfAModularApplicationIsAClearError() throws Exception {
        Exit exit = new ModularApplication(directory)
                .withModules("io.blobstore")
                .withLibraries("org.slf4j")
                .withClassPath(archive ->
                        isLibrary(archive) || archive.toString().matches(".*blobstore-(gcs|http)(?!.*tests).*"))
                .run(descriptor("io.blobstore"), OPENING, "gs://bucket?endpoint=http://127.0.0.1:1");

        assertThat(exit.output())
                .contains("blobstore-gcs is on the class path, but io.blobstore is on the module path")
                .doesNotContain("IllegalAccessError");
        assertThat(exit.code()).isZero();
    }

    /** blobstore-micrometer is built after this module, and has this test for itself. */
    @Test
    void noModuleIsForgotten() throws IOException {
        List<String> found = new ArrayList<>();
        try (Stream<Path> modules = Files.list(Page.ROOT)) {
            for (Path module : modules.toList()) {
                Path info = module.resolve("src/main/java/module-info.java");
                if (Files.exists(info)) {
                    Matcher name = Pattern.compile("(?m)^module (\\S+)").matcher(Files.readString(info));
                    assertThat(name.find()).isTrue();
                    found.add(name.group(1));
                }
            }
        }
        assertThat(found).containsExactlyInAnyOrder(NAMED);
    }

    private static String descriptor(String... modules) {
        return "module application { requires " + String.join("; requires ", modules) + "; }";
    }

    private static boolean isLibrary(Path archive) {
        String name = archive.getFileName().toString();
        return name.endsWith(".jar") && !name.startsWith("blobstore");
    }
}
