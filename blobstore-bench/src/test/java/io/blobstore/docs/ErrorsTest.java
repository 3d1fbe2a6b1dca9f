package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page on errors has every exception that callers may have to handle, and no other. */
class ErrorsTest {
    @Test
    void thePageHasEveryException() throws IOException {
        List<String> documented = Pattern.compile("`(\\w+Exception)`")
                .matcher(Page.of("docs/errors.md").text())
                .results()
                .map(name -> name.group(1))
                .filter(name -> !name.startsWith("Illegal"))
                .filter(name -> !name.equals("IOException"))
                .distinct()
                .toList();

        assertThat(documented).containsExactlyInAnyOrderElementsOf(exceptions());
    }

    private static List<String> exceptions() throws IOException {
        try (Stream<Path> paths = Files.walk(Page.ROOT)) {
            return paths.filter(path -> path.toString().matches(".*/blobstore-\\w+/src/main/java/.*Exception\\.java"))
                    .filter(path -> !path.toString().matches(".*/(internal|io/blobstore/http|gcs/grpc)/.*"))
                    .filter(ErrorsTest::isPublic)
                    .map(path -> path.getFileName().toString().replace(".java", ""))
                    .toList();
        }
    }

    private static boolean isPublic(Path source) {
        try {
            return Pattern.compile("(?m)^public (?:final |abstract |sealed )?class ")
                    .matcher(Files.readString(source))
                    .find();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
