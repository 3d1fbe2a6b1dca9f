package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkspaceTest {
    @TempDir
    Path parent;

    @Test
    void isDeletedWithItsContent() throws Exception {
        try (Workspace workspace = Workspace.in(parent)) {
            Path content = workspace.content("content", 4096);
            assertThat(content).hasSize(4096);
            Files.createDirectories(workspace.directory().resolve("deep/down"));
        }
        assertThat(parent).isEmptyDirectory();
    }

    @Test
    void aMissingDirectoryIsNamed() throws Exception {
        Path file = Files.createFile(parent.resolve("file"));
        for (Path wrong : new Path[] {file, parent.resolve("missing")}) {
            assertThatExceptionOfType(BenchmarkException.class)
                    .isThrownBy(() -> Workspace.in(wrong).close())
                    .withMessageContaining("'" + wrong + "'");
        }
    }
}
