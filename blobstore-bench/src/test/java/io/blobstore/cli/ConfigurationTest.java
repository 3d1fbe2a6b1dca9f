package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which store a command uses, and what is wrong with a configuration file. */
class ConfigurationTest {
    @TempDir
    Path directory;

    private Path config;
    private String first;
    private String second;

    @BeforeEach
    void createStores() throws IOException {
        config = directory.resolve("config");
        first = store("first");
        second = store("second");
        Files.writeString(
                config, "# stores\n\ndefault=first\n  store.first =" + first + "\nstore.2nd-one = " + second + " \r\n");
    }

    /** Creates a store with a blob of its own name. */
    private String store(String name) throws IOException {
        String uri = "file:" + Files.createDirectory(directory.resolve("store-" + name)) + "?durability=none";
        Path file = Files.writeString(directory.resolve(name), name);
        assertThat(Cli.run("upload", file, "--store", uri).code()).isZero();
        return uri;
    }

    private Map<String, String> environment() {
        return Map.of("BLOBSTORE_CONFIG", config.toString());
    }

    private Cli runWithStore(String store) {
        return Cli.run(Map.of("BLOBSTORE_CONFIG", config.toString(), "BLOBSTORE_STORE", store), "list");
    }

    @Test
    void theOptionIsPreferredToTheVariableAndThatToTheFile() {
        assertThat(Cli.run(environment(), "list").out()).endsWith(" first\n");
        assertThat(runWithStore("2nd-one").out()).endsWith(" second\n");
        assertThat(runWithStore(second).out()).endsWith(" second\n");
        assertThat(runWithStore("").out()).endsWith(" first\n");
        Map<String, String> both = Map.of("BLOBSTORE_CONFIG", config.toString(), "BLOBSTORE_STORE", "2nd-one");
        assertThat(Cli.run(both, "list", "--store", "first").out()).endsWith(" first\n");
        assertThat(Cli.run(both, "list", "--store", first).out()).endsWith(" first\n");
    }

    @Test
    void theFileIsFoundInTheHomeDirectory() throws IOException {
        Path inHome = Files.createDirectories(directory.resolve("home/.config/blobstore"));
        Path elsewhere = Files.createDirectories(directory.resolve("xdg/blobstore"));
        Files.move(config, inHome.resolve("config"));
        Files.writeString(elsewhere.resolve("config"), "default = " + second);
        String home = directory.resolve("home").toString();

        assertThat(Cli.run(Map.of("HOME", home), "list").out()).endsWith(" first\n");
        Map<String, String> both =
                Map.of("HOME", home, "XDG_CONFIG_HOME", directory.resolve("xdg").toString());
        assertThat(Cli.run(both, "list").out()).endsWith(" second\n");
    }

    @Test
    void repositoriesHaveNamesToo() throws IOException {
        Files.writeString(config, "default = repo\nstore.repo = composefs:" + directory.resolve("repo"));

        assertThat(Cli.run(environment(), "repo", "init").err()).isEmpty();
        assertThat(Cli.run(environment(), "fsck", "--unlocked").out()).contains("status: ok");
        assertThat(Cli.run(environment(), "list").err()).contains(config + ":2: ", "scheme 'composefs:'");
    }

    @Test
    void aMissingStoreIsAUsageError() {
        Cli none = Cli.run("list");
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err())
                .hasLineCount(1)
                .contains("'--store=URI'", "BLOBSTORE_STORE", "/nonexistent/.config/blobstore/config");

        Cli unknown = Cli.run(environment(), "list", "--store", "frist");
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err()).hasLineCount(1).contains("--store: 'frist'", "did you mean 'first'?");
        assertThat(runWithStore("x").err()).contains("BLOBSTORE_STORE: 'x'");
        assertThat(runWithStore("nosuch:/x").err()).contains("BLOBSTORE_STORE: ", "scheme 'nosuch:'");
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                arguments("default", ":1: write 'store.NAME = URI'"),
                arguments("default =", ":1: write 'store.NAME = URI'"),
                arguments("\n# x\n[stores]\n", ":3: write 'store.NAME = URI'"),
                arguments("stores.a = file:/a", ":1: there is no setting 'stores.a'"),
                arguments("store.a b = file:/a", ":1: write 'store.NAME = URI'"),
                arguments("store.-a = file:/a", ":1: '-a' is no name of a store"),
                arguments("store.a = /a", ":1: '/a' is no URI"),
                arguments("store.a = file:/a\nstore.a = file:/b", ":2: the store 'a' is in line 1 already"),
                arguments("default = a\ndefault = b", ":2: 'default' is set in line 1 already"),
                arguments("default = a\nstore.b = file:/b", ":1: 'a' is neither a URI"),
                arguments("default = s3://me:secret@bucket", ":1: "),
                arguments("default = nosuch:/x", ":1: no store supports the scheme 'nosuch:'"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void whatIsWrongInTheFileIsReportedWithItsLine(String content, String problem) throws IOException {
        Files.writeString(config, content);

        Cli list = Cli.run(environment(), "list");

        assertThat(list.code()).isEqualTo(2);
        assertThat(list.err())
                .hasLineCount(1)
                .startsWith("blobstore: " + config + problem)
                .doesNotContain("secret");
    }

    @Test
    void aFileThatCannotBeReadIsReported() throws IOException {
        Files.write(config, "store.a = file:/\u00e4".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(Cli.run(environment(), "list").err()).hasLineCount(1).contains(config + ": the file is not UTF-8");
        Files.delete(config);
        assertThat(Cli.run(environment(), "list").err())
                .hasLineCount(1)
                .contains("there is no file '" + config + "', which BLOBSTORE_CONFIG names");
        Files.createDirectory(config);
        assertThat(Cli.run(environment(), "list").code()).isEqualTo(1);
    }
}
