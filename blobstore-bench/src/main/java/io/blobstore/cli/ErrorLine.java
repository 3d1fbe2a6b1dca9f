package io.blobstore.cli;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.TargetException;
import io.blobstore.zstd.NotCompressedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Formats a failure as one line: what happened, and what to do.
 *
 * <p>The library's own messages contain both. Those of the JDK's file exceptions do not (the message of a
 * {@link NoSuchFileException} is a path), so this class completes them.
 */
final class ErrorLine {
    /** Error messages of the operating system, and their remedies. */
    private static final Map<String, String> REMEDIES = Map.of(
            "no space left on device", "free some space, or choose another location",
            "disk quota exceeded", "free some space, or choose another location",
            "file too large", "choose a file system that allows files of this size, or see 'ulimit -f'",
            "read-only file system", "choose another location",
            "not a directory", "a component of this path is a file: check the path",
            "file name too long", "choose a shorter name",
            "too many open files", "raise the limit with 'ulimit -n'",
            "too many levels of symbolic links", "check the symbolic links in this path");

    private ErrorLine() {}

    /** Returns the line, without a line break. */
    static String of(Throwable problem) {
        String line = printable(sentence(problem));
        long others = Arrays.stream(problem.getSuppressed())
                .filter(suppressed -> suppressed instanceof Exception || suppressed instanceof Error)
                .count(); // others are no failures: the stack traces of the threads that joined a transfer
        return others == 0 ? line : line + " (and " + others + " more; --verbose shows them)";
    }

    /** Escapes the control characters of a text, which would break the line or control the terminal. */
    static String printable(@Nullable String text) {
        if (text == null) {
            return "";
        }
        StringBuilder printable = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
                printable.append(String.format("\\u%04x", c));
            } else {
                printable.appendCodePoint(c);
            }
        });
        return printable.toString();
    }

    private static String sentence(Throwable problem) {
        if (problem instanceof CancellationException
                || problem instanceof ClosedByInterruptException
                || problem instanceof InterruptedIOException) {
            return "cancelled; nothing was changed";
        }
        if (problem instanceof BlobNotFoundException) {
            return problem.getMessage() + "; 'blobstore list' shows the existing blobs";
        }
        if (problem instanceof BlobAlreadyExistsException) {
            return problem.getMessage() + "; omit --if-absent to replace it";
        }
        if (problem instanceof NotCompressedException) {
            return problem.getMessage() + ": with --stored";
        }
        if (problem instanceof TargetException && problem.getCause() != null) {
            return sentence(problem.getCause());
        }
        if (problem instanceof BlobStoreException) {
            return Objects.requireNonNullElse(problem.getMessage(), "");
        }
        if (problem instanceof FileSystemException file) {
            return fileSentence(file);
        }
        if (problem instanceof UncheckedIOException wrapper && wrapper.getCause() != null) {
            return sentence(wrapper.getCause());
        }
        if (problem instanceof OutOfMemoryError) {
            return "out of memory: " + problem.getMessage()
                    + "; increase the heap, as in JAVA_OPTS=-Xmx256m, or use larger parts or a lower --concurrency";
        }
        if (problem instanceof InternalError) {
            return "the mapped file was truncated by another program (" + problem.getMessage()
                    + "); try again, with --copy if this may happen again";
        }
        boolean isRefusal =
                problem instanceof IllegalArgumentException || problem instanceof UnsupportedOperationException;
        if (isRefusal && problem.getMessage() != null) {
            return problem.getMessage();
        }
        if (problem instanceof IOException && problem.getMessage() != null) {
            return withRemedy(problem.getMessage());
        }
        return "unexpected " + problem + "; please report it with the output of --verbose";
    }

    private static String fileSentence(FileSystemException problem) {
        String file = "'" + problem.getFile() + "'";
        if (problem instanceof NoSuchFileException) {
            return "there is no file or directory " + file + "; check the path";
        }
        if (problem instanceof AccessDeniedException) {
            return "permission denied for " + file + "; check its permissions and those of its parent directories";
        }
        if (problem instanceof FileAlreadyExistsException) {
            return file + " already exists; choose another path or move it";
        }
        if (problem instanceof NotDirectoryException) {
            return file + " is not a directory; check the path";
        }
        if (problem instanceof DirectoryNotEmptyException) {
            return file + " is a directory that is not empty; check the path";
        }
        String reason = Objects.requireNonNullElse(problem.getReason(), "the operating system refused the operation");
        return file + (isPredicate(reason) ? " " : ": ") + withRemedy(reason);
    }

    /** Returns whether the file's name is the subject of the reason, as in the library's own messages. */
    private static boolean isPredicate(String reason) {
        return reason.startsWith("is ") || reason.startsWith("was ") || reason.startsWith("cannot ");
    }

    private static String withRemedy(String message) {
        String remedy = REMEDIES.get(message.toLowerCase(Locale.ROOT));
        return remedy == null ? message : message + "; " + remedy;
    }
}
