package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.split.repository.UnknownStreamException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The exit codes of failures, and their form as JSON. */
class FailureTest {
    private static final BlobKey KEY = BlobKey.of("k");

    @TempDir
    Path directory;

    static Stream<Arguments> failures() {
        return Stream.of(
                arguments(new BlobNotFoundException(Operation.HEAD, KEY, null), 3, "notFound"),
                arguments(new StoreNotFoundException(Operation.LIST, null, "none", null), 3, "notFound"),
                arguments(new UnknownStreamException("refs/x"), 3, "notFound"),
                arguments(new PermissionDeniedException(Operation.READ, KEY, "no", null), 4, "permissionDenied"),
                arguments(new BlobAlreadyExistsException(Operation.STORE, KEY, null), 5, "preconditionFailed"),
                arguments(
                        new UncheckedIOException(new BlobNotFoundException(Operation.HEAD, KEY, null)), 3, "notFound"),
                // failures of files here, and not of the store
                arguments(new NoSuchFileException("/f"), 1, "failure"),
                arguments(new AccessDeniedException("/f"), 1, "failure"),
                arguments(new IllegalStateException("x"), 1, "failure"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void scriptsCanTellThemApart(Throwable problem, int code, String name) throws IOException {
        StringWriter err = new StringWriter();
        Failure failure = Failure.of(problem);

        try (PrintWriter writer = new PrintWriter(err)) {
            failure.print(writer, true);
        }

        assertThat(failure.exitCode()).isEqualTo(code);
        assertThat(err.toString()).hasLineCount(1);
        assertThat(JSON.std.mapFrom(err.toString()))
                .containsEntry("error", name)
                .containsEntry("exitCode", code)
                .containsEntry("message", ErrorLine.of(problem));
    }

    @Test
    void withJsonErrorsAreObjects() throws IOException {
        Files.createDirectory(directory.resolve("store"));
        String store = "file:" + directory.resolve("store");

        Cli missing = Cli.run("stat", "a\nb", "--store", store, "--json");
        Cli wrong = Cli.run("list", "--sotre", store, "--json");

        assertThat(missing.out()).isEmpty();
        assertThat(missing.code()).isEqualTo(3);
        assertThat(error(missing))
                .containsEntry("error", "notFound")
                .containsEntry("operation", "head")
                .containsEntry("key", "a\nb")
                .containsEntry("retryable", false);
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(error(wrong)).containsEntry("error", "usage").containsEntry("exitCode", 2);
        assertThat((String) error(wrong).get("message")).contains("did you mean '--store'?");
    }

    private static Map<String, Object> error(Cli run) throws IOException {
        assertThat(run.err()).hasLineCount(1);
        return JSON.std.mapFrom(run.err());
    }
}
