package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.ZstdInputStream;
import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests uploads that compress, and the commands that read what they store. */
class CompressCommandsTest {
    @TempDir
    Path directory;

    private String store;
    private Path file;
    private byte[] content;

    @BeforeEach
    void makeFile() throws IOException {
        store = "file:" + directory.resolve("store") + "?durability=none&create=true";
        StringBuilder text = new StringBuilder();
        for (int i = 0; text.length() < 3_000_000; i++) {
            text.append("line ").append(i * 7919L % 100_003).append(" of a log that can be compressed\n");
        }
        content = text.toString().getBytes(StandardCharsets.US_ASCII);
        file = Files.write(directory.resolve("log.txt"), content);
    }

    private byte[] decompress(Path stored) throws IOException {
        try (InputStream in = new ZstdInputStream(Files.newInputStream(stored))) {
            return in.readAllBytes();
        }
    }

    private Map<String, Object> upload(String... options) {
        List<Object> args = new ArrayList<>(List.of("upload"));
        args.addAll(List.of(options));
        args.addAll(List.of(file, "--store", store, "--json")); // the file behind --compress is not its level
        Cli upload = Cli.run(args.toArray());
        assertThat(upload.err()).isEmpty();
        assertThat(upload.code()).isZero();
        return upload.json();
    }

    @ParameterizedTest
    @CsvSource({"--compress, seekable", "--compress=3, seekable", "--compress --format=casblob, casblob"})
    void whatIsCompressedComesBack(String options, String format) throws IOException {
        Map<String, Object> report = upload(options.split(" "));
        Path stored = directory.resolve("store/log.txt");
        assertThat(report)
                .containsEntry("bytes", content.length)
                .containsEntry("contentBytes", content.length)
                .containsEntry("storedBytes", (int) Files.size(stored))
                .containsEntry("frames", format)
                .containsEntry("crc32c", Crc32c.of(BlobSource.ofPath(file)).hex())
                .containsEntry("sha256", Sha256.of(BlobSource.ofPath(file)).hex());
        assertThat((double) report.get("ratio")).isGreaterThan(3);
        assertThat(decompress(stored)).isEqualTo(content);

        Path back = directory.resolve("back");
        Cli download = Cli.run("download", "log.txt", "--store", store, "--to", back, "--json");
        assertThat(download.err()).isEmpty();
        assertThat(back).hasSameBinaryContentAs(file);
        assertThat(download.json()).containsEntry("bytes", content.length);

        Cli asStored = Cli.run("download", "log.txt", "--store", store, "--to", back, "--stored");
        assertThat(asStored.code()).isZero();
        assertThat(back).hasSameBinaryContentAs(stored);
    }

    @Test
    void aRangeIsOneOfTheContent() throws IOException {
        upload("--compress");
        Cli cat = Cli.run("cat", "log.txt", "--store", store, "--range", "2000000-2000100");
        assertThat(cat.err()).isEmpty();
        assertThat(cat.content()).isEqualTo(Arrays.copyOfRange(content, 2_000_000, 2_000_100));
        assertThat(Cli.run("cat", "log.txt", "--store", store).content()).isEqualTo(content);
        byte[] stored = Files.readAllBytes(directory.resolve("store/log.txt"));
        assertThat(Cli.run("cat", "log.txt", "--store", store, "--stored", "--range", "0-100")
                        .content())
                .isEqualTo(Arrays.copyOf(stored, 100));

        Cli beyond = Cli.run("cat", "log.txt", "--store", store, "--range", "1GiB-2GiB");
        assertThat(beyond.code()).isEqualTo(1);
        assertThat(beyond.err()).contains("which has " + content.length + " bytes");
    }

    @Test
    void blobsOfOtherProgramsAreReadOnDemand() throws IOException {
        upload("--compress", "--format=casblob", "--frame-size=64KiB");
        Path foreign = directory.resolve("store/log.txt");
        Path plain = Files.copy(foreign, directory.resolve("casblob")); // without metadata
        assertThat(Cli.run("upload", plain, "--store", store).code()).isZero();

        assertThat(Cli.run("cat", "casblob", "--store", store).content()).isEqualTo(Files.readAllBytes(foreign));
        assertThat(Cli.run("cat", "casblob", "--store", store, "--decompress", "--range", "5-10")
                        .content())
                .isEqualTo(Arrays.copyOfRange(content, 5, 10));
        assertThat(Cli.run("stat", "casblob", "--store", store, "--json").json())
                .doesNotContainKey("ratio");
        assertThat(Cli.run("stat", "casblob", "--store", store, "--json", "--decompress")
                        .json())
                .containsEntry("frames", "casblob")
                .containsEntry("contentBytes", content.length);
    }

    @Test
    void statShowsBothSizesAndTheirRatio() throws IOException {
        upload("--compress", "--frame-size=256KiB");
        int stored = (int) Files.size(directory.resolve("store/log.txt"));
        Cli stat = Cli.run("stat", "log.txt", "--store", store, "--json");
        assertThat(stat.json())
                .containsEntry("bytes", stored)
                .containsEntry("storedBytes", stored)
                .containsEntry("contentBytes", content.length)
                .containsEntry("ratio", (double) content.length / stored)
                .containsEntry("frames", "seekable")
                .containsEntry("frameCount", (content.length + (256 << 10) - 1) / (256 << 10))
                .containsEntry("sha256", Sha256.of(BlobSource.ofPath(file)).hex())
                .containsEntry(
                        "contentCrc32c", Crc32c.of(BlobSource.ofPath(file)).hex());
        assertThat(Cli.run("stat", "log.txt", "--store", store).out().lines())
                .anyMatch(line -> line.matches("compression +zstd frames, seekable"))
                .anyMatch(line -> line.matches("content +2\\.9 MiB \\(" + content.length + " bytes\\)"))
                .anyMatch(line -> line.matches("stored size +.* \\(" + stored + " bytes\\)"))
                .anyMatch(line -> line.matches("ratio +[0-9]+\\.[0-9]{2}"));
        assertThat(Cli.run("stat", "log.txt", "--store", store, "--json", "--stored")
                        .json())
                .containsEntry("bytes", stored)
                .doesNotContainKey("ratio");
    }

    @Test
    void anEmptyFileIsCompressed() throws IOException {
        file = Files.createFile(directory.resolve("empty"));
        assertThat(upload("--compress", "--copy")).containsEntry("contentBytes", 0);
        assertThat(Cli.run("cat", "empty", "--store", store).content()).isEmpty();
        assertThat(Cli.run("stat", "empty", "--store", store, "--json").json())
                .containsEntry("contentBytes", 0)
                .containsEntry("ratio", 0.0);
    }

    @Test
    void aDamagedFrameIsReportedAndNotWritten() throws IOException {
        upload("--compress");
        Path stored = directory.resolve("store/log.txt");
        byte[] damaged = Files.readAllBytes(stored);
        damaged[damaged.length / 2] ^= 1;
        Files.copy(stored, directory.resolve("other"));
        Path file = Files.write(directory.resolve("damaged"), damaged);
        Cli.run("upload", file, "--store", store);
        Cli cat = Cli.run("cat", "damaged", "--store", store, "--decompress", "--range", "1500000-1500010");
        assertThat(cat.code()).isEqualTo(1);
        assertThat(cat.err()).contains("is damaged").hasLineCount(1);
        assertThat(cat.content()).isEmpty();
    }

    @Test
    void aBlobThatIsNotCompressedIsNotDecompressed() throws IOException {
        Cli.run("upload", file, "--store", store);
        Cli cat = Cli.run("cat", "log.txt", "--store", store, "--decompress");
        assertThat(cat.code()).isEqualTo(1);
        assertThat(cat.err()).contains("neither a casblob nor", "--stored").hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--compress=23; compression levels are",
                "--compress=fast; 'fast' is not an int",
                "--format=casblob; --format needs --compress",
                "--frame-size=1MiB; --frame-size needs --compress",
                "--compress --frame-size=1KiB; 65536 to 67108864",
                "--compress --frame-size=4GiB; 64 MiB at most",
                "--compress --format=zip; 'zip' is neither seekable nor casblob"
            })
    void wrongOptionsAreRefusedAndNothingIsCreated(String test) {
        String[] parts = test.split("; ");
        List<Object> args = new ArrayList<>(List.of("upload", file, "--store", store));
        args.addAll(List.of(parts[0].split(" ")));
        Cli upload = Cli.run(args.toArray());
        assertThat(upload.code()).isEqualTo(2);
        assertThat(upload.err()).contains(parts[1]).hasLineCount(1);
        assertThat(directory.resolve("store")).doesNotExist();
    }

    @Test
    void twoAnswersToOneQuestionAreRefused() {
        Cli cat = Cli.run("cat", "log.txt", "--store", store, "--stored", "--decompress");
        assertThat(cat.code()).isEqualTo(2);
        assertThat(cat.err()).contains("--stored", "--decompress").hasLineCount(1);
    }

    @Test
    void theHeapStaysSmall() throws IOException {
        file = directory.resolve("large");
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int i = 0; i < 22; i++) {
                out.write(content);
            }
        }
        upload("--compress"); // loads classes
        Map<String, Object> report = upload("--compress");
        assertThat(((Number) report.get("heapBytesAllocated")).longValue())
                .as("bytes on the heap for 63 MiB")
                .isLessThan(1L << 20);
    }
}
