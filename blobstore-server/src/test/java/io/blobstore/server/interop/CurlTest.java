package io.blobstore.server.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Sha256;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.HttpReadsTest;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** curl puts a file, and gets it as it is, in part, and compressed: it decodes the frames that are stored. */
@Campaign(representedBy = HttpReadsTest.class)
@EnabledIfEnvironmentVariable(
        named = "BLOBSTORE_TEST_CURL",
        matches = ".+",
        disabledReason = "no curl that decodes zstd is named: see .ci/with-servers")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@ExtendWith(LeakCheck.class)
class CurlTest {
    private static final String CURL = System.getenv("BLOBSTORE_TEST_CURL");

    @TempDir
    private Path directory;

    @Test
    void aFileIsPutAndGotCompressed() throws Exception {
        byte[] content = IntStream.range(0, 500_000)
                .mapToObj(String::valueOf)
                .collect(Collectors.joining("\n"))
                .getBytes();
        Path file = Files.write(directory.resolve("file"), content);
        Program program = Program.in(directory);
        try (ServerProcess server = ServerProcess.start(directory.resolve("cache"))) {
            String uri = server.http() + "/cas/"
                    + Sha256.of(ByteBuffer.wrap(content)).hex();
            program.run(CURL, "-sS", "--fail", "-T", "file", uri);

            program.run(CURL, "-sS", "--fail", "-o", "whole", uri);
            assertThat(directory.resolve("whole")).hasSameBinaryContentAs(file);
            String sent = program.run(
                    CURL,
                    "-sS",
                    "--fail",
                    "--compressed",
                    "-o",
                    "decoded",
                    "-D",
                    "head",
                    "-w",
                    "%{size_download}",
                    uri);
            assertThat(directory.resolve("decoded")).hasSameBinaryContentAs(file);
            assertThat(Files.readString(directory.resolve("head"))).containsIgnoringCase("content-encoding: zstd");
            assertThat(Long.parseLong(sent.strip())).isLessThan(content.length / 2);
            program.run(CURL, "-sS", "--fail", "-r", "1000000-1000009", "-o", "part", uri);
            assertThat(directory.resolve("part"))
                    .hasBinaryContent(java.util.Arrays.copyOfRange(content, 1000000, 1000010));
        }
        String version =
                program.run(CURL, "--version").lines().findFirst().orElse("?").split(" ")[1];
        Program.row("curl", version, "PUT, GET, a range; --compressed decodes the stored zstd frames");
    }
}
