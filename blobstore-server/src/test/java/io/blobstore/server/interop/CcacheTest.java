package io.blobstore.server.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.Campaign;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.HttpReadsTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** ccache compiles a file twice, each time with an empty cache of its own: the second object comes from the server. */
@Campaign(representedBy = HttpReadsTest.class)
@EnabledIfEnvironmentVariable(
        named = "BLOBSTORE_TEST_CCACHE",
        matches = ".+",
        disabledReason = "ccache is not named: see .ci/with-servers")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@ExtendWith(LeakCheck.class)
class CcacheTest {
    private static final String CCACHE = System.getenv("BLOBSTORE_TEST_CCACHE");

    @TempDir
    private Path directory;

    private Map<String, Long> compile(ServerProcess server, String cache) throws Exception {
        Program program = Program.in(directory)
                .with("CCACHE_DIR", directory.resolve(cache))
                .with("CCACHE_CONFIGPATH", "/dev/null")
                .with("CCACHE_REMOTE_STORAGE", server.http() + "|layout=bazel");
        program.run(CCACHE, "cc", "-c", "source.c", "-o", cache + ".o");
        return program.run(CCACHE, "--print-stats")
                .lines()
                .map(line -> line.split("\t"))
                .collect(Collectors.toMap(fields -> fields[0], fields -> Long.parseLong(fields[1])));
    }

    @Test
    void theSecondObjectComesFromTheServer() throws Exception {
        Files.writeString(directory.resolve("source.c"), "int triple(int x) { return x * 3; }\n");
        try (ServerProcess server = ServerProcess.start(directory.resolve("cache"))) {
            assertThat(compile(server, "first"))
                    .containsEntry("cache_miss", 1L)
                    .containsEntry("remote_storage_hit", 0L);
            assertThat(compile(server, "second"))
                    .containsEntry("cache_miss", 0L)
                    .containsEntry("remote_storage_hit", 1L)
                    .containsEntry("remote_storage_error", 0L);
            assertThat(server.requests("http", "PUT", "200")).isEqualTo(2);
            assertThat(directory.resolve("second.o")).hasSameBinaryContentAs(directory.resolve("first.o"));
        }
        String version = Program.in(directory)
                .run(CCACHE, "--version")
                .lines()
                .findFirst()
                .orElse("?");
        Program.row(
                "ccache",
                version.replace("ccache version", ""),
                "layout=bazel; a compilation with an empty local cache is a remote hit");
    }
}
