package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.docs.Page.Block;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every block of Java in the documents compiles, see {@link JavaExamples}. Pages about a module that this one cannot
 * see name the test that compiles them: {@code <!-- java compiled by PATH -->}.
 */
class JavaExamplesTest {
    private static final String IMPORTS = """
        import io.blobstore.*;
        import io.blobstore.cache.*;
        import io.blobstore.cas.*;
        import io.blobstore.directory.*;
        import io.blobstore.fs.*;
        import io.blobstore.gcs.*;
        import io.blobstore.memory.*;
        import io.blobstore.s3.*;
        import io.blobstore.server.*;
        import io.blobstore.spi.*;
        import io.blobstore.split.*;
        import io.blobstore.split.repository.*;
        import io.blobstore.transfer.*;
        import io.blobstore.zstd.*;
        import java.io.*;
        import java.net.*;
        import java.nio.*;
        import java.nio.channels.*;
        import java.nio.charset.*;
        import java.nio.file.*;
        import java.time.*;
        import java.util.*;
        import java.util.concurrent.*;
        """.replace("\n", " ");

    private static final Pattern ELSEWHERE = Pattern.compile("(?m)^<!-- java compiled by (\\S+) -->$");

    @TempDir
    Path directory;

    @Test
    void everyBlockCompiles() throws IOException {
        List<Block> blocks = Page.all().stream()
                .filter(page -> !ELSEWHERE.matcher(page.text()).find())
                .flatMap(page -> page.blocks("java").stream())
                .toList();
        assertThat(blocks).hasSizeGreaterThan(10);

        assertThat(compile(blocks))
                .as("blocks of Java that do not compile; names such as 'store' are declared in ExampleNames")
                .isEmpty();
    }

    @Test
    void aPageThatIsCompiledElsewhereIsReadByThatTest() throws IOException {
        for (Page page : Page.all()) {
            Matcher elsewhere = ELSEWHERE.matcher(page.text());
            while (elsewhere.find()) {
                assertThat(Page.ROOT.resolve(elsewhere.group(1)))
                        .as("the test that compiles the Java of " + page)
                        .content()
                        .contains(page.path().getFileName().toString());
            }
        }
    }

    @Test
    void aBlockThatDoesNotCompileIsReportedWithItsLine() throws IOException {
        Page page = new Page(Page.ROOT.resolve("page.md"), "text\n\n```java\nstore.close();\nstore.open();\n```\n");

        assertThat(compile(page.blocks("java")))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("page.md:5: cannot find symbol");
    }

    @Test
    void theRangeHandlerOfTheRecipesAnswersRanges() throws Exception {
        List<Block> handlers = Page.of("docs/recipes.md").blocks("java").stream()
                .filter(block -> block.text().contains("class RangeHandler"))
                .toList();
        assertThat(handlers).hasSize(1);
        assertThat(compile(handlers)).isEmpty();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        try (URLClassLoader loader = new URLClassLoader(
                        new URL[] {directory.toUri().toURL()}, getClass().getClassLoader());
                BlobStore store = BlobStores.open("mem:");
                TransferManager transfers = TransferManager.create()) {
            store.store(BlobKey.of("a/b"), ByteBuffer.wrap("0123456789".getBytes(StandardCharsets.UTF_8)));
            server.createContext("/", (HttpHandler) loader.loadClass("RangeHandler")
                    .getConstructor(BlobStore.class, TransferManager.class)
                    .newInstance(store, transfers));
            server.start();

            assertThat(get(server, "/a/b", "bytes=2-4")).isEqualTo("206 bytes 2-4/10 234");
            assertThat(get(server, "/a/b", "bytes=8-")).isEqualTo("206 bytes 8-9/10 89");
            assertThat(get(server, "/a/b", "bytes=10-")).isEqualTo("416 bytes */10 ");
            assertThat(get(server, "/a/b", "lines=1-2")).isEqualTo("200 - 0123456789");
            assertThat(get(server, "/c", "bytes=0-")).isEqualTo("404 - ");
        } finally {
            server.stop(0);
        }
    }

    /** Returns the status, the range and the body of a response. */
    private static String get(HttpServer server, String path, String range) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
        HttpResponse<String> response = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).header("Range", range).build(), BodyHandlers.ofString());
        return response.statusCode() + " "
                + response.headers().firstValue("Content-Range").orElse("-") + " " + response.body();
    }

    /** Compiles blocks into the directory, and returns what is wrong with them. */
    private List<String> compile(List<Block> blocks) {
        return JavaExamples.compile(blocks, IMPORTS, ExampleNames.class, directory);
    }
}
