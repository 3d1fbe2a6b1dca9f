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
class ReaderBenchTest {
    @TempDir
    Path directory;

    @Test
    void measuresReadsFromAfarAndCleansUp() {
        StringWriter out = new StringWriter();

        new CommandLine(new ReaderBench())
                .setOut(new PrintWriter(out))
                .execute("--mib=16 --rounds=1 --latency-ms=1 --connection-mib=500 --dir="
                        .concat(directory.toString())
                        .split(" "));

        // Whether bars are kept is no question for a test.
        assertThat(out.toString())
                .contains("answers after 1 ms, gives each connection 500 MiB/s")
                .containsPattern("BlobReader, reading nothing ahead +[0-9.]+ \\(")
                .containsPattern("ParallelReader, into memory +[0-9.]+ \\(")
                .contains("bytes fetched per byte read: 1.00")
                .doesNotContain("failed")
                .doesNotContain("OPEN");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void refusesWhatMakesNoSense() {
        StringWriter err = new StringWriter();
        int code =
                new CommandLine(new ReaderBench()).setErr(new PrintWriter(err)).execute("--mib=1");

        assertThat(code).isEqualTo(2);
        assertThat(err.toString()).contains("--mib must be 16 to 16384");
    }
}
