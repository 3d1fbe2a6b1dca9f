package io.blobstore.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.docs.JavaExamples;
import io.blobstore.docs.Page;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;

/** The Java in docs/observability.md compiles. */
class JavaExamplesTest {
    private static final String IMPORTS = """
        import io.blobstore.*;
        import io.blobstore.micrometer.*;
        import io.blobstore.s3.*;
        import io.blobstore.transfer.*;
        import io.micrometer.observation.*;
        import io.micrometer.tracing.handler.*;
        import io.micrometer.tracing.otel.bridge.*;
        import io.opentelemetry.api.trace.*;
        import java.util.*;
        import java.util.concurrent.*;
        import org.slf4j.*;
        """;

    @TempDir
    Path directory;

    /** The names that the examples use without declaring them. */
    abstract static class Names {
        protected Logger log;
        protected MeterRegistry meterRegistry;
        protected ObservationRegistry observationRegistry;
        protected BlobStoreMetrics metrics;
        protected OpenTelemetry openTelemetry;
    }

    @Test
    void everyBlockCompiles() {
        Page page = Page.of("docs/observability.md");
        assertThat(page.blocks("java")).isNotEmpty();

        assertThat(JavaExamples.compile(page.blocks("java"), IMPORTS, Names.class, directory))
                .isEmpty();
    }
}
