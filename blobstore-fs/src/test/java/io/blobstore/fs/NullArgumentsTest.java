package io.blobstore.fs;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.NullArguments;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that each public method of this module names the argument that is null. */
class NullArgumentsTest {
    @Test
    void aNullArgumentIsNamed(@TempDir Path directory) throws IOException {
        try (FsBlobStore store = FsBlobStore.open(directory)) {
            assertThat(new NullArguments(store, FsBlobStore.builder(directory))
                            .unnamed(NullArguments.publicTypes(FsBlobStore.class)))
                    .isEmpty();
        }
    }
}
