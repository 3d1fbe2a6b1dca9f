package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The documentation has the parameters of this module. */
class DocumentedParametersTest {
    @Test
    void thePageHasEveryParameterAndNoOther() throws IOException {
        String page = Files.readString(Path.of("../docs/google-cloud-storage.md"));

        assertThat(Pattern.compile("^\\| `(\\w+)`", Pattern.MULTILINE)
                        .matcher(page)
                        .results()
                        .map((MatchResult row) -> row.group(1)))
                .containsExactlyInAnyOrderElementsOf(GcsBlobStoreProvider.PARAMETERS);
    }
}
