package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.docs.Page.Block;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Snippets of builds and configurations in the documents can be copied as they are. */
class SnippetsTest {
    private static List<Block> blocks(String language) {
        return Page.all().stream()
                .flatMap(page -> page.blocks(language).stream())
                .toList();
    }

    @Test
    void jsonIsJson() {
        assertThat(blocks("json"))
                .isNotEmpty()
                .allSatisfy(block -> assertThatCode(() -> JSON.std.mapFrom(block.text()))
                        .as(block.toString())
                        .doesNotThrowAnyException());
    }

    @Test
    void yamlIsYaml() {
        assertThat(blocks("yaml"))
                .isNotEmpty()
                .allSatisfy(block -> assertThatCode(
                                () -> new Load(LoadSettings.builder().build()).loadFromString(block.text()))
                        .as(block.toString())
                        .doesNotThrowAnyException());
    }

    @Test
    void buildsNameModulesAndVersionsThatThereAre() throws IOException {
        String pom = Files.readString(Page.ROOT.resolve("pom.xml"));
        for (String language : List.of("xml", "kotlin")) {
            for (Block block : blocks(language)) {
                modules(block.text())
                        .forEach(module -> assertThat(pom)
                                .as(block + " names " + module)
                                .containsPattern("<module>(" + module + "|integrations/"
                                        + module.replace("blobstore-", "") + ")</module>"));
                versions(block.text())
                        .forEach(version -> assertThat(pom)
                                .as(block + " has the version " + version)
                                .contains(">" + version + "<"));
            }
        }
    }

    private static List<String> modules(String text) {
        return Pattern.compile("\\bblobstore-[a-z0-9-]+\\b")
                .matcher(text)
                .results()
                .map(found -> found.group())
                .toList();
    }

    private static List<String> versions(String text) {
        return Pattern.compile("<version>([^<]+)</version>|:(\\d[\\w.-]*)\"")
                .matcher(text)
                .results()
                .map(found -> found.group(1) == null ? found.group(2) : found.group(1))
                .toList();
    }
}
