package io.blobstore.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that the documented example of a server compiles and runs, and that the page shows it unchanged. */
class DocumentedExampleTest {
    @TempDir
    Path directory;

    // spotless:off
    private static void example(Path directory, Runnable application) throws IOException {
        // the example begins
        try (ContentCache cache = ContentCache.open(directory, CacheOptions.ofMaxBytes(50L << 30));
                CacheServer server = CacheServer.builder(cache)
                        .http(HttpOptions.of(new InetSocketAddress("localhost", 0))) // any free port
                        .grpc(GrpcOptions.of(new InetSocketAddress("localhost", 0)))
                        .start()) {
            System.out.println(server.httpAddress() + " and " + server.grpcAddress());
            application.run();
        } // requests that run may end, for 30 s
        // the example ends
    }
    // spotless:on

    @Test
    void itServesWhileTheApplicationRuns() throws IOException {
        boolean[] ran = new boolean[1];
        example(directory, () -> ran[0] = true);
        assertThat(ran[0]).isTrue();
    }

    @Test
    void thePageShowsIt() throws IOException {
        String source = Files.readString(Path.of("src/test/java/io/blobstore/server/DocumentedExampleTest.java"));
        Matcher example = Pattern.compile("(?s)// the example begins\n(.*?)\n +// the example ends")
                .matcher(source);
        assertThat(example.find()).isTrue();

        assertThat(Files.readString(Path.of("../docs/cache-server.md")))
                .contains("```java\n" + example.group(1).stripIndent() + "\n```\n");
    }
}
