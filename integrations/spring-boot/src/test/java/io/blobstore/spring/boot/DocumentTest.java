package io.blobstore.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.json.JsonParserFactory;

/** What docs/spring-boot.md says is what the code does. */
class DocumentTest {
    private static final Path ROOT = Path.of("..", "..");
    private static final Pattern CODE = Pattern.compile("(?s)```java\n(.*?)```");
    private static final Pattern PROPERTY =
            Pattern.compile("(?m)^\\| `(blobstore\\.[A-Za-z.-]+)` \\| .* \\| (?:`(.*)`)? ?\\|$");

    private String document;

    @BeforeEach
    void read() throws IOException {
        document = Files.readString(ROOT.resolve("docs/spring-boot.md"));
    }

    /** The example is compiled and tested. */
    @Test
    void theCodeIsThatOfTheExample() throws IOException {
        String example = withoutIndentation(Files.readString(
                ROOT.resolve("examples/spring-boot/src/main/java/com/example/images/ImagesController.java")));
        List<String> code = CODE.matcher(document)
                .results()
                .map(block -> withoutIndentation(block.group(1)))
                .toList();

        assertThat(code).hasSize(2).allSatisfy(block -> assertThat(example).contains(block));
    }

    private static String withoutIndentation(String code) {
        return code.replaceAll("(?m)^ +", "");
    }

    /** By the metadata for IDEs, which the build generates from the record of the properties. */
    @Test
    void thePropertiesAreThoseOfTheMetadata() throws IOException {
        Map<String, String> documented = new TreeMap<>();
        for (MatchResult row : PROPERTY.matcher(document).results().toList()) {
            documented.put(row.group(1), String.valueOf(row.group(2)));
        }
        assertThat(documented.remove("blobstore.stores.NAME.uri")).isEqualTo("null");

        assertThat(documented).isEqualTo(metadata());
    }

    private static Map<String, String> metadata() throws IOException {
        URI own = URI.create(BlobStoreProperties.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toString());
        String file = "META-INF/spring-configuration-metadata.json";
        URI json = own.getPath().endsWith(".jar") ? URI.create("jar:" + own + "!/" + file) : own.resolve(file);
        Map<String, String> properties = new TreeMap<>();
        try (InputStream content = json.toURL().openStream()) {
            Map<String, Object> metadata = JsonParserFactory.getJsonParser()
                    .parseMap(new String(content.readAllBytes(), StandardCharsets.UTF_8));
            for (Object property : (List<?>) metadata.get("properties")) {
                Map<?, ?> values = (Map<?, ?>) property;
                assertThat(values.get("description"))
                        .as("description of %s", values)
                        .isNotNull();
                if (!values.get("name").equals("blobstore.stores")) {
                    properties.put(String.valueOf(values.get("name")), String.valueOf(values.get("defaultValue")));
                }
            }
        }
        return properties;
    }
}
