package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Each text on the page on troubleshooting is one that the library can print. */
class TroubleshootingTest {
    /** The end of a string, and the beginning of the next that is appended to it. */
    private static final Pattern JOINT = Pattern.compile("\"\\s*\\+\\s*\"");

    @Test
    void theTextsAreTheLibrarys() throws IOException {
        String sources = JOINT.matcher(sources()).replaceAll("");
        List<String> texts = Pattern.compile("(?m)^\\| `([^`]+)` \\| ")
                .matcher(Page.of("docs/troubleshooting.md").text())
                .results()
                .map(row -> row.group(1))
                .toList();
        assertThat(texts).hasSizeGreaterThan(40);

        List<String> unknown = new ArrayList<>();
        for (String text : texts) {
            for (String part : text.split(" ?… ?")) {
                if (!sources.contains(part)) {
                    unknown.add(text + ": no source has '" + part + "'");
                }
            }
        }
        assertThat(unknown).isEmpty();
    }

    private static String sources() throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> paths = Files.walk(Page.ROOT)) {
            for (Path path : paths.filter(file -> file.toString().contains("/src/main/java/"))
                    .filter(file -> file.toString().endsWith(".java"))
                    .toList()) {
                all.append(Files.readString(path));
            }
        }
        return all.toString();
    }
}
