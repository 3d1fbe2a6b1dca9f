package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the README says first is short, and can be copied as it is. */
class ReadmeTest {
    private static final Page README = Page.of("README.md");

    @Test
    void itIsReadInOneSitting() {
        assertThat(README.text().lines().count()).isLessThanOrEqualTo(120);
        assertThat(README.blocks("java"))
                .hasSize(1)
                .first()
                .extracting(Page.Block::text)
                .satisfies(code -> assertThat(
                                code.lines().filter(line -> !line.isBlank()).count())
                        .isLessThanOrEqualTo(15));
    }

    @Test
    void theSnippetsForBuildsNameModulesAndVersionsThatThereAre() throws IOException {
        String pom = Files.readString(Page.ROOT.resolve("pom.xml"));
        for (Page page : Page.all()) {
            for (String language : List.of("xml", "kotlin")) {
                for (Page.Block block : page.blocks(language)) {
                    modules(block.text())
                            .forEach(module -> assertThat(pom)
                                    .as(block.toString())
                                    .containsPattern(
                                            "<module>.*\\b" + module.replace("blobstore-bom", "bom") + "</module>"));
                    versions(block.text())
                            .forEach(version -> assertThat(pom)
                                    .as("the version of %s", block)
                                    .contains(version));
                }
            }
        }
    }

    private static List<String> modules(String text) {
        return Pattern.compile("\\b(blobstore-[a-z]+)\\b")
                .matcher(text.replaceAll("<!--.*?-->", ""))
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    private static List<String> versions(String text) {
        Matcher version =
                Pattern.compile("<version>([^<]+)</version>|:(\\d[\\w.-]*)\"").matcher(text);
        return version.results()
                .map(found -> found.group(1) == null ? found.group(2) : found.group(1))
                .map(found -> ">" + found + "<")
                .toList();
    }
}
