package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.docs.Page.Block;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
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
        Set<String> artifacts = artifacts(pom);
        assertThat(artifacts).contains("blobstore-bom", "blobstore-api");
        for (String language : List.of("xml", "kotlin")) {
            for (Block block : blocks(language)) {
                assertThat(artifacts).as(block.toString()).containsAll(modules(block.text()));
                versions(block.text())
                        .forEach(version -> assertThat(pom)
                                .as(block + " has the version " + version)
                                .contains(">" + version + "<"));
            }
        }
    }

    @Test
    void theIndexHasEveryArtifactForApplications() throws IOException {
        String index = Page.of("docs/README.md").text();
        artifacts(Files.readString(Page.ROOT.resolve("pom.xml"))).stream()
                .filter(artifact -> artifact.startsWith("blobstore-") && !artifact.equals("blobstore-bench"))
                .forEach(artifact -> assertThat(index).contains("`" + artifact + "`"));
    }

    /** Returns the artifacts of all modules. */
    private static Set<String> artifacts(String pom) throws IOException {
        Set<String> artifacts = new TreeSet<>();
        for (MatchResult module :
                Pattern.compile("<module>(.*)</module>").matcher(pom).results().toList()) {
            Matcher own = Pattern.compile("(?m)^  <artifactId>(.*)</artifactId>$")
                    .matcher(Files.readString(Page.ROOT.resolve(module.group(1)).resolve("pom.xml")));
            assertThat(own.find()).isTrue();
            artifacts.add(own.group(1));
        }
        return artifacts;
    }

    private static List<String> modules(String text) {
        return Pattern.compile("\\bblobstore-[a-z0-9-]+\\b")
                .matcher(text)
                .results()
                .map(MatchResult::group)
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
