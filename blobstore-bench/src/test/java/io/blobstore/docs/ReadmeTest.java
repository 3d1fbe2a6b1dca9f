package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobStore;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;

/** The README is short, and so is its example, which can be run. */
class ReadmeTest {
    private static final Page README = Page.of("README.md");

    @Test
    void itIsReadInOneSitting() {
        assertThat(README.text().lines().count()).isLessThanOrEqualTo(120);
    }

    @Test
    void itsExampleHasFifteenLines() {
        assertThat(README.blocks("java")).hasSize(1);
        assertThat(README.blocks("java").get(0).text().lines().filter(line -> !line.isBlank()))
                .hasSizeLessThanOrEqualTo(15);
    }

    /** With a directory and a file as its arguments, and nothing but what {@code blobstore-fs} brings along. */
    @Test
    void itsExampleStoresAFile(@TempDir Path directory) throws Exception {
        String classPath = Stream.of(BlobStore.class, Class.forName("io.blobstore.fs.FsBlobStore"), Logger.class)
                .map(ReadmeTest::archive)
                .collect(Collectors.joining(File.pathSeparator));
        Path source = Files.writeString(
                directory.resolve("Upload.java"), README.blocks("java").get(0).text());
        int compiled = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-proc:none", "-cp", classPath, source.toString());
        assertThat(compiled).isZero();
        Path image = Files.write(directory.resolve("disk.img"), new byte[100_000]);
        Files.createDirectory(directory.resolve("store"));

        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        classPath + File.pathSeparator + directory,
                        "Upload",
                        "store",
                        "disk.img")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
        if (!process.waitFor(1, TimeUnit.MINUTES)) {
            process.destroyForcibly().waitFor();
        }

        assertThat(directory.resolve("output")).content().containsPattern("100000 bytes, \\S+");
        assertThat(process.exitValue()).isZero();
        assertThat(directory.resolve("store/images/disk.img")).hasSameBinaryContentAs(image);
    }

    private static String archive(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
