package io.blobstore.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobStore;
import io.blobstore.docs.JavaExamples;
import io.blobstore.docs.Page;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java in docs/spring-boot.md compiles. */
class JavaExamplesTest {
    private static final String IMPORTS = """
            import io.blobstore.*;
            import io.blobstore.spring.*;
            import io.blobstore.transfer.*;
            import jakarta.servlet.http.*;
            import java.io.*;
            import java.nio.channels.*;
            import org.springframework.web.bind.annotation.*;
            """;

    @TempDir
    Path directory;

    /** The names that the examples use without declaring them. */
    abstract static class Names {
        protected BlobStore images;
        protected TransferManager transfers;
        protected UploadOptions options;
        protected HttpServletRequest request;
        protected String name;
        protected long size;
    }

    @Test
    void everyBlockCompiles() {
        Page page = Page.of("docs/spring-boot.md");
        assertThat(page.blocks("java")).isNotEmpty();

        assertThat(JavaExamples.compile(page.blocks("java"), IMPORTS, Names.class, directory))
                .isEmpty();
    }
}
