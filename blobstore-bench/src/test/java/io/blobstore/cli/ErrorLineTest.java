package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.TargetException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ErrorLineTest {
    static Stream<Arguments> lines() {
        return Stream.of(
                arguments(new NoSuchFileException("/f"), "there is no file or directory '/f'; check the path"),
                arguments(
                        new AccessDeniedException("/f"),
                        "permission denied for '/f'; check its permissions and those of its parent directories"),
                arguments(new FileAlreadyExistsException("/f"), "'/f' already exists; choose another path or move it"),
                arguments(new NotDirectoryException("/f"), "'/f' is not a directory; check the path"),
                arguments(new FileSystemException("/f", null, "is a directory"), "'/f' is a directory"),
                arguments(
                        new FileSystemException("/f", null, "No space left on device"),
                        "'/f': No space left on device; free some space, or choose another location"),
                arguments(new FileSystemException("/f"), "'/f': the operating system refused the operation"),
                arguments(
                        new IOException("No space left on device"),
                        "No space left on device; free some space, or choose another location"),
                arguments(
                        new TargetException("file /f", "full", new IOException("No space left on device")),
                        "No space left on device; free some space, or choose another location"),
                arguments(
                        new TargetException("file /f", "it has no room for 9 bytes", null),
                        "write to target: file /f: it has no room for 9 bytes"),
                arguments(
                        new UncheckedIOException(new NoSuchFileException("/f")),
                        "there is no file or directory '/f'; check the path"),
                arguments(
                        new BlobStoreException(Operation.READ, BlobKey.of("k"), "no; try later", null, true),
                        "read 'k': no; try later"),
                arguments(
                        new UnsupportedOperationException("a local directory has no URLs to presign: file:/d"),
                        "a local directory has no URLs to presign: file:/d"),
                arguments(new CancellationException("x"), "cancelled; nothing was changed"),
                arguments(new ClosedByInterruptException(), "cancelled; nothing was changed"),
                arguments(
                        new OutOfMemoryError("Java heap space"),
                        "out of memory: Java heap space; increase the heap, as in JAVA_OPTS=-Xmx256m, or use larger"
                                + " parts or a lower --concurrency"),
                arguments(
                        new NullPointerException("oops"),
                        "unexpected java.lang.NullPointerException: oops; please report it with the output of"
                                + " --verbose"));
    }

    @ParameterizedTest
    @MethodSource("lines")
    void saysWhatHappenedAndWhatToDo(Throwable problem, String line) {
        assertThat(ErrorLine.of(problem)).isEqualTo(line);
    }

    @Test
    void isOneLineThatDoesNotControlTheTerminal() {
        assertThat(ErrorLine.of(new IOException("a\nb\r\u001b[2Jc\u2028d\u0085é")))
                .isEqualTo("a\\u000ab\\u000d\\u001b[2Jc\\u2028d\\u0085é");
    }

    @Test
    void countsSuppressedFailures() {
        IOException problem = new IOException("first");
        problem.addSuppressed(new IOException("second"));
        problem.addSuppressed(new Throwable("a stack trace of no failure"));

        assertThat(ErrorLine.of(problem)).isEqualTo("first (and 1 more; --verbose shows them)");
    }
}
