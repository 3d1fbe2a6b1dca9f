package io.blobstore.server.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.Campaign;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.internal.grpc.ByteStreamTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * moon, a build system whose client is written in Rust, runs tasks in two workspaces: the second one gets their outputs
 * from the server. It sends and takes zstd, in batches and by ByteStream.
 */
@Campaign(representedBy = ByteStreamTest.class)
@EnabledIfEnvironmentVariable(
        named = "BLOBSTORE_TEST_MOON",
        matches = ".+",
        disabledReason = "moon is not named: see .ci/with-servers")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@ExtendWith(LeakCheck.class)
class MoonTest {
    private static final String MOON = System.getenv("BLOBSTORE_TEST_MOON");

    @TempDir
    private Path directory;

    private Program workspace(String name, ServerProcess server) throws Exception {
        Path root = Files.createDirectories(directory.resolve(name));
        write(root.resolve(".moon/workspace.yml"), """
            projects:
              app: 'app'
            telemetry: false
            vcs:
              defaultBranch: 'main'
            remote:
              host: '%s'
              cache:
                compression: 'zstd'
            """.formatted(server.grpc()));
        write(root.resolve("app/moon.yml"), """
            tasks:
              large:
                script: 'seq 1 1200000 > large.txt'
                outputs: ['large.txt']
              small:
                script: 'seq 1 120000 > small.txt'
                outputs: ['small.txt']
            """);
        Program program = Program.in(root)
                .with("HOME", Files.createDirectories(directory.resolve("home")))
                .with("GIT_CONFIG_GLOBAL", "/dev/null")
                .with("PROTO_OFFLINE", "true")
                .with("MOON_TOOLCHAIN_FORCE_GLOBALS", "true")
                .with("CI", "");
        program.run("git", "init", "-q", "-b", "main");
        program.run("git", "add", ".moon", "app");
        program.run("git", "-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-q", "-m", "test");
        return program;
    }

    private static void write(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    @Test
    void theSecondWorkspaceGetsItsOutputsFromTheServer() throws Exception {
        String version;
        try (ServerProcess server = ServerProcess.start(directory.resolve("cache"))) {
            Program first = workspace("first", server);
            assertThat(first.run(MOON, "run", "app:large", "app:small")).doesNotContain("cached");
            server.awaitAccess(line -> line.contains(" Write ") && line.contains("/compressed-blobs/zstd/"));
            assertThat(server.requests("grpc", "UpdateActionResult", "OK")).isEqualTo(2);

            Program second = workspace("second", server);
            assertThat(second.run(MOON, "run", "app:large", "app:small")).contains("2 completed (2 cached)");
            server.awaitAccess(line -> line.contains(" Read ") && line.contains("/compressed-blobs/zstd/"));
            for (String output : new String[] {"app/large.txt", "app/small.txt"}) {
                assertThat(directory.resolve("second").resolve(output))
                        .hasSameBinaryContentAs(directory.resolve("first").resolve(output));
            }
            assertThat(server.requests("grpc", "BatchReadBlobs", "OK")).isPositive();
            version = first.run(MOON, "--version");
        }
        Program.row(
                "moon",
                version.replace("moon", ""),
                "compression: zstd; outputs of the second workspace come from the server, by compressed-blobs/zstd");
    }
}
