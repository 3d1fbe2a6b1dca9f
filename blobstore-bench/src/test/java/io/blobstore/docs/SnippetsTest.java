package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.docs.Page.Block;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
        List<String> artifacts = poms().map(SnippetsTest::artifact).toList();
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
        for (String pom : poms().toList()) {
            if (!pom.contains("<maven.deploy.skip>true<")) {
                assertThat(index).contains("`" + artifact(pom) + "`");
            }
        }
    }

    /** Returns the poms of all modules. */
    private static Stream<String> poms() throws IOException {
        return Pattern.compile("<module>(.*)</module>")
                .matcher(Files.readString(Page.ROOT.resolve("pom.xml")))
                .results()
                .map(module -> Page.text(Page.ROOT.resolve(module.group(1)).resolve("pom.xml")));
    }

    private static String artifact(String pom) {
        Matcher own = Pattern.compile("(?m)^  <artifactId>(.*)</artifactId>$").matcher(pom);
        assertThat(own.find()).isTrue();
        return own.group(1);
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
