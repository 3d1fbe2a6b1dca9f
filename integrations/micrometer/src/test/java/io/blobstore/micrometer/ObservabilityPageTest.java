package io.blobstore.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.docs.JavaExamples;
import io.blobstore.docs.Page;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiles the Java of {@code docs/observability.md}. */
class ObservabilityPageTest {
    private static final String IMPORTS = """
        import io.blobstore.*;
        import io.blobstore.micrometer.*;
        import io.blobstore.s3.*;
        import io.blobstore.transfer.*;
        """;

    @TempDir
    private Path directory;

    @Test
    void everyBlockCompiles() throws IOException {
        List<Page.Block> blocks = Page.all().stream()
                .filter(page -> page.path().endsWith("observability.md"))
                .flatMap(page -> page.blocks("java").stream())
                .toList();

        assertThat(blocks).hasSize(3);
        assertThat(JavaExamples.compile(blocks, IMPORTS, ObservabilityPageNames.class, directory))
                .isEmpty();
    }
}
