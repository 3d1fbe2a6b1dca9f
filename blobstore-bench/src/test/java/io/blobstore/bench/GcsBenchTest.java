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
class GcsBenchTest {
    private static final String COMPOSITE =
            "--http --part-mib=5 --rounds=1 --warm-up=0 --repeats=2 --only=GCS_TRANSFER_MANAGER,GCS_WRITE_SESSION";

    @TempDir
    Path directory;

    private String run(String options) {
        StringWriter out = new StringWriter();
        new CommandLine(new GcsBench())
                .setOut(new PrintWriter(out))
                .execute((COMPOSITE + " " + options + " --dir=" + directory).split(" "));
        return out.toString();
    }

    @Test
    void measuresTheCompositeUploadsOfTheSdk() {
        assertThat(run("--mib=22"))
                .contains("Upload to Cloud Storage over HTTP: 22 MiB, parts of 5 MiB, 4 at once")
                .containsPattern("TransferManager, in parts +[0-9.]+ \\(")
                .containsPattern("BlobWriteSession, composite, slices +[0-9.]+ \\(")
                .doesNotContain("failed");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void whoCannotUploadInPartsIsShownWithTheReason() {
        assertThat(run("--mib=20"))
                .containsPattern("TransferManager, in parts +it uploads in parts only more than 4 of them")
                .containsPattern("BlobWriteSession, composite, slices +[0-9.]+ \\(");
    }
}
