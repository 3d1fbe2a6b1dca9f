package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Tag("one-jdk")
class S3BenchTest {
    @TempDir
    Path directory;

    @Test
    void measuresTheLoopBothWaysAndCleansUp() {
        StringWriter out = new StringWriter();

        int code = new CommandLine(new S3Bench())
                .setOut(new PrintWriter(out))
                .execute(
                        "--http --https --read --download --mib=16 --rounds=1 --warm-up=0 --repeats=2 --only=HAND_ROLLED --dir="
                                .concat(directory.toString())
                                .split(" "));

        assertThat(out.toString())
                .contains("Upload over HTTP: 16 MiB, parts of 8 MiB, 4 at once")
                .contains("Ranged reads over HTTP")
                .contains("Download to a new file over HTTP")
                .containsPattern("hand-rolled loop, CRC32C +[0-9.]+ \\(")
                .containsPattern("hand-rolled loop, CRC32C +TLSv1.3 TLS_AES_128_GCM_SHA256")
                .doesNotContain("failed");
        assertThat(code).isZero();
        assertThat(directory).isEmptyDirectory();
    }
}
