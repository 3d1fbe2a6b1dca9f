package io.blobstore.server;

import static io.blobstore.server.ServerFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.contract.Campaign;
import io.blobstore.server.ServerFixture.Content;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests with programs that others wrote: curl, zstd and ccache, where they are installed. */
@Campaign(representedBy = HttpReadsTest.class)
class CurlTest {
    @TempDir
    Path temporary;

    private ServerFixture server;

    @BeforeEach
    void start() throws IOException {
        server = ServerFixture.start(temporary.resolve("cache"));
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(temporary.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    private static void assume(String program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(List.of(arguments));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getInputStream().readAllBytes();
            assumeTrue(process.waitFor() == 0, program);
        } catch (IOException | InterruptedException e) {
            assumeTrue(false, program + " is not installed");
        }
    }

    private String url(Content content) {
        return "http://127.0.0.1:" + server.port() + content.path();
    }

    @Test
    void curlPutsAndGetsAlsoFrames() throws Exception {
        assume("curl", "--version");
        Content content = ServerFixture.text(1, 5 * MIB + 3);
        Files.write(temporary.resolve("content"), content.bytes());
        run("curl", "-sSf", "-T", "content", url(content)); // expects 100-continue
        run("curl", "-sSf", "-o", "back", url(content));
        assertThat(temporary.resolve("back")).hasBinaryContent(content.bytes());
        run("curl", "-sSf", "-r", "1000000-1999999", "-o", "part", url(content));
        assertThat(Files.size(temporary.resolve("part"))).isEqualTo(1_000_000);
        String received = run("curl", "-sSf", "--compressed", "-w", "%{size_download}", "-o", "decoded", url(content));
        assertThat(temporary.resolve("decoded")).hasBinaryContent(content.bytes());
        assertThat(Long.parseLong(received.strip())).isLessThan(3L * MIB);
    }

    @Test
    void zstdDecodesWhatIsSentAndItsFilesAreTaken() throws Exception {
        assume("curl", "--version");
        assume("zstd", "--version");
        Content content = ServerFixture.text(2, 5 * MIB + 3);
        Files.write(temporary.resolve("content"), content.bytes());
        run("zstd", "-q", "-5", "content", "-o", "content.zst");
        run(
                "curl",
                "-sSf",
                "-T",
                "content.zst",
                "-H",
                "Content-Encoding: zstd",
                "-H",
                "X-Digest-SizeBytes: " + content.bytes().length,
                url(content));
        run("curl", "-sSf", "-H", "Accept-Encoding: zstd", "-o", "back.zst", url(content));
        run("zstd", "-q", "-d", "back.zst", "-o", "back");
        assertThat(temporary.resolve("back")).hasBinaryContent(content.bytes());
    }

    @Test
    void ccacheFindsWhatItStored() throws Exception {
        assume("ccache", "--version");
        assume("gcc", "--version");
        Files.writeString(temporary.resolve("a.c"), "int f(int a) { return a + 1; }\n");
        for (int run = 0; run < 2; run++) {
            ProcessBuilder ccache = new ProcessBuilder("ccache", "gcc", "-c", "a.c", "-o", "a" + run + ".o")
                    .directory(temporary.toFile())
                    .redirectErrorStream(true);
            ccache.environment()
                    .put("CCACHE_DIR", temporary.resolve("local" + run).toString());
            ccache.environment().put("CCACHE_REMOTE_STORAGE", "http://127.0.0.1:" + server.port() + "|layout=bazel");
            Process process = ccache.start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
        }
        assertThat(server.cache.stats().entries()).isPositive();
        assertThat(server.cache.stats().hits()).isPositive();
        assertThat(temporary.resolve("a1.o")).hasSameBinaryContentAs(temporary.resolve("a0.o"));
    }
}
