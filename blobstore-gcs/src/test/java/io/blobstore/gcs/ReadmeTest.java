package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The README documents the parameters of this module. */
class ReadmeTest {
    @Test
    void theReadmeDocumentsEveryParameterAndNoOther() throws IOException {
        String readme = Files.readString(Path.of("..", "README.md"));
        int start = readme.indexOf("\n## Google Cloud Storage\n");
        String section = readme.substring(start, readme.indexOf("\n## ", start + 1));

        assertThat(Pattern.compile("^\\| `(\\w+)`", Pattern.MULTILINE)
                        .matcher(section)
                        .results()
                        .map((MatchResult row) -> row.group(1)))
                .containsExactlyInAnyOrderElementsOf(GcsBlobStoreProvider.PARAMETERS);
    }
}
