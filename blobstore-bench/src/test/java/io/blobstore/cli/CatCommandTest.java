package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CatCommandTest {
    private static final int SIZE = (9 << 20) + 1;

    @TempDir
    Path directory;

    private String store;
    private byte[] content;

    @BeforeEach
    void fillStore() throws IOException {
        store = "file:" + directory.resolve("store") + "?durability=none&create=true";
        Path file = Cli.file(directory.resolve("file"), SIZE);
        content = Files.readAllBytes(file);
        assertThat(Cli.run("upload", file, "--store", store, "--key", "blob").code())
                .isZero();
    }

    @Test
    void writesAllOfABlob() {
        Cli cat = Cli.run("cat", "blob", "--store", store);

        assertThat(cat.code()).isZero();
        assertThat(cat.out()).isEmpty();
        assertThat(Arrays.equals(cat.content(), content)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0-0, 0, 0", "0-1, 0, 1", "1MiB-3MiB, 1048576, 3145728", "9MiB-, 9437184, 9437185", "5-, 5, 9437185"})
    void writesARange(String range, int from, int to) {
        Cli cat = Cli.run("cat", "blob", "--store", store, "--range", range);

        assertThat(cat.code()).isZero();
        assertThat(Arrays.equals(cat.content(), Arrays.copyOfRange(content, from, to)))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "-5", "3-2", "1-2-3", "a-b", "1MB-2MB", "99999999999999999999-"})
    void refusesAnInvalidRange(String range) {
        Cli cat = Cli.run("cat", "blob", "--store", store, "--range=" + range);

        assertThat(cat.code()).isEqualTo(2);
        assertThat(cat.err()).startsWith("blobstore: ").contains("--range").hasLineCount(1);
        assertThat(cat.content()).isEmpty();
    }

    @Test
    void reportsARangeBeyondTheEnd() {
        Cli cat = Cli.run("cat", "blob", "--store", store, "--range", "1MiB-1GiB");

        assertThat(cat.code()).isEqualTo(1);
        assertThat(cat.err()).contains("not inside the blob, which has " + SIZE + " bytes");
        assertThat(cat.content()).isEmpty();
    }

    @Test
    void refusesADamagedBlobWithoutItsLastBytes() throws IOException {
        Path blob = directory.resolve("store/blob");
        FileTime modified = Files.getLastModifiedTime(blob);
        byte[] damaged = content.clone();
        damaged[5_000_000] ^= 1;
        try (FileChannel file = FileChannel.open(blob, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(damaged, 5_000_000, 1), 5_000_000);
        }
        Files.setLastModifiedTime(blob, modified);
        for (String range : new String[] {"0-", "0-" + SIZE, ""}) {
            Cli cat = range.isEmpty()
                    ? Cli.run("cat", "blob", "--store", store)
                    : Cli.run("cat", "blob", "--store", store, "--range", range);

            assertThat(cat.code()).isEqualTo(1);
            assertThat(cat.err())
                    .startsWith("blobstore: ")
                    .contains("stored with")
                    .hasLineCount(1);
            assertThat(cat.content()).hasSizeLessThan(SIZE);
        }
        Cli part = Cli.run("cat", "blob", "--store", store, "--range", "1-");
        assertThat(part.code()).isZero();
        assertThat(Arrays.equals(part.content(), Arrays.copyOfRange(damaged, 1, SIZE)))
                .isTrue();
        assertThat(Cli.run("cat", "--help").out()).contains("not verified");
    }

    @Test
    void reportsAMissingBlob() {
        Cli cat = Cli.run("cat", "other", "--store", store);

        assertThat(cat.code()).isEqualTo(3);
        assertThat(cat.err()).contains("other").hasLineCount(1);
    }

    @Test
    void writesToARealStandardOutputWithASmallHeap() throws Exception {
        Process process = Cli.inChildJvm(List.of("-Xmx64m"), "cat", "blob", "--store", store)
                .start();
        Cli cat = Cli.finish(process);

        assertThat(cat.err()).isEmpty();
        assertThat(cat.code()).isZero();
        assertThat(Arrays.equals(cat.content(), content)).isTrue();
    }
}
