package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Uploads from pipes, downloads to pipes, and transfers that are resumed. */
class StreamCommandsTest {
    private static final int SIZE = (5 << 20) + 1;

    @TempDir
    Path directory;

    private String store;
    private Path file;

    @BeforeEach
    void createFile() throws IOException {
        store = "file:" + directory.resolve("store") + "?create=true&durability=none";
        file = Cli.file(directory.resolve("file"), SIZE);
    }

    private void assertStored(String key) throws IOException {
        assertThat(Files.mismatch(directory.resolve("store").resolve(key), file))
                .isEqualTo(-1);
    }

    @Test
    void standardInputIsStoredWhileItIsRead() throws Exception {
        Cli upload = Cli.finish(Cli.inChildJvm(
                        List.of("-Xmx64m"),
                        "upload",
                        "-",
                        "--store",
                        store,
                        "--key",
                        "blob",
                        "--part-size",
                        "1MiB",
                        "--concurrency",
                        "2",
                        "--json")
                .redirectInput(file.toFile())
                .start());

        assertThat(upload.err()).isEmpty();
        assertThat(upload.code()).isZero();
        assertThat(upload.json()).containsEntry("bytes", SIZE).containsEntry("parts", 6);
        assertStored("blob");
    }

    /** As the script {@code blobstore} says that standard error is a terminal, though standard input is none. */
    @Test
    @Timeout(60)
    void progressIsShownWhileStandardInputIsRead() throws Exception {
        Process upload = Cli.inChildJvm(
                        List.of("-Xmx64m", "-Dblobstore.progress=on", "-Dblobstore.columns=50"),
                        "upload",
                        "-",
                        "--store",
                        store,
                        "--key",
                        "blob",
                        "--part-size",
                        "1MiB")
                .start();
        StringBuilder screen = new StringBuilder();
        try (OutputStream input = upload.getOutputStream()) {
            Files.copy(file, input);
            input.flush(); // the last part is not complete: it is sent at the end
            while (screen.indexOf("Storing 5.0 MiB, ") < 0) {
                int next = upload.getErrorStream().read();
                assertThat(next).as(screen.toString()).isNotNegative();
                screen.append((char) next);
            }
        }

        Cli end = Cli.finish(upload);
        assertThat(end.code()).isZero();
        assertThat(screen + end.err()).endsWith("\r");
        assertStored("blob");
    }

    @Test
    void aNamedPipeIsStored() throws Exception {
        Path pipe = directory.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "there is no mkfifo");
        CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
            try (OutputStream out = Files.newOutputStream(pipe)) {
                Files.copy(file, out);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });

        Cli upload = Cli.run("upload", pipe, "--store", store, "--key", "blob");

        assertThat(upload.err()).isEmpty();
        assertThat(upload.code()).isZero();
        writing.join();
        assertStored("blob");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--resume", "--if-changed", "--copy", "--compress"})
    void whatNeedsAFileIsRefused(String option) {
        Cli upload = option.isEmpty()
                ? Cli.run("upload", "-", "--store", store)
                : Cli.run("upload", "-", "--store", store, "--key", "blob", option);

        assertThat(upload.code()).isEqualTo(2);
        assertThat(upload.err()).contains(option.isEmpty() ? "--key" : option).hasLineCount(1);
        assertThat(directory.resolve("store")).doesNotExist();
    }

    @Test
    void standardOutputReceivesTheBlobAndNothingElse() throws IOException {
        assertThat(Cli.run("upload", file, "--store", store, "--key", "blob").code())
                .isZero();

        Cli download = Cli.run("download", "blob", "--store", store, "--to", "-");

        assertThat(download.code()).isZero();
        assertThat(download.out()).isEmpty();
        assertThat(Arrays.equals(download.content(), Files.readAllBytes(file))).isTrue();
        assertThat(Cli.run("download", "blob", "--store", store, "--to", "-", "--resume")
                        .code())
                .isEqualTo(2);
    }

    @Test
    void aDamagedBlobOnStandardOutputIsAnError() throws IOException {
        assertThat(Cli.run("upload", file, "--store", store, "--key", "blob").code())
                .isZero();
        Path blob = directory.resolve("store/blob");
        var modified = Files.getLastModifiedTime(blob);
        try (var bytes = java.nio.channels.FileChannel.open(blob, java.nio.file.StandardOpenOption.WRITE)) {
            bytes.write(java.nio.ByteBuffer.wrap("damage".getBytes()), 3_000_000);
        }
        Files.setLastModifiedTime(blob, modified);

        Cli download = Cli.run("download", "blob", "--store", store, "--to", "-");

        assertThat(download.code()).isEqualTo(1);
        assertThat(download.err()).contains("stored with").hasLineCount(1);
        assertThat(download.content()).hasSizeLessThan(SIZE);
    }

    @Test
    void transfersThatAreResumedLeaveNothing() throws Exception {
        Path state = directory.resolve("state");
        ProcessBuilder upload = Cli.inChildJvm(
                List.of(), "upload", file, "--store", store, "--key", "blob", "--part-size", "1MiB", "--resume");
        upload.environment().put("XDG_STATE_HOME", state.toString());
        Cli uploaded = Cli.finish(upload.start());

        assertThat(uploaded.err()).isEmpty();
        assertThat(uploaded.code()).isZero();
        assertStored("blob");
        assertThat(state.resolve("blobstore")).isEmptyDirectory();
        Path copies = Files.createDirectory(directory.resolve("copies"));
        Cli download = Cli.run("download", "blob", "--store", store, "--to", copies.resolve("copy"), "--resume");
        assertThat(download.code()).as(download.err()).isZero();
        assertThat(Files.mismatch(copies.resolve("copy"), file)).isEqualTo(-1);
        assertThat(copies.toFile().list()).containsExactly("copy");
    }

    @ParameterizedTest
    @CsvSource({"1MiB", "16MiB"})
    void aFileThatIsStoredAlreadyIsNotSent(String partSize) {
        Object[] command = {
            "upload", file, "--store", store, "--key", "blob", "--part-size", partSize, "--if-changed", "--json"
        };
        assertThat(Cli.run(command).json()).containsEntry("unchanged", false);
        assertThat(Cli.run(command).json()).containsEntry("unchanged", true);
    }
}
