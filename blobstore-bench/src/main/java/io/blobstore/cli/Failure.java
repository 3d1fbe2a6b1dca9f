package io.blobstore.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.split.repository.UnknownStreamException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.ExitCode;

/** A failure as users and scripts see it: an exit code, and one line on standard error, text or JSON. */
final class Failure {
    /** What scripts can tell apart. */
    enum Kind {
        /** Any other failure. */
        FAILURE(ExitCode.SOFTWARE),
        /** The command line, or the configuration, is wrong. */
        USAGE(ExitCode.USAGE),
        /** The store, or the blob in it, does not exist. */
        NOT_FOUND(3),
        /** The store refuses the operation to this user. */
        PERMISSION_DENIED(4),
        /** The blob exists, or has another version than the required one. */
        PRECONDITION_FAILED(5);

        private final int exitCode;

        Kind(int exitCode) {
            this.exitCode = exitCode;
        }

        /** Returns the name in JSON, as in {@code notFound}. */
        String jsonName() {
            return switch (this) {
                case FAILURE -> "failure";
                case USAGE -> "usage";
                case NOT_FOUND -> "notFound";
                case PERMISSION_DENIED -> "permissionDenied";
                case PRECONDITION_FAILED -> "preconditionFailed";
            };
        }
    }

    /** The exit code of a command whose output nobody reads any more: that of a process that SIGPIPE has ended. */
    static final int CLOSED_OUTPUT = 141;

    private final Kind kind;
    private final String message;
    private final Map<String, Object> details = new LinkedHashMap<>();

    private Failure(Kind kind, String message) {
        this.kind = kind;
        this.message = message;
    }

    /** Returns the failure that an exception or error means. */
    static Failure of(Throwable problem) {
        Failure failure = new Failure(kind(problem), ErrorLine.of(problem));
        if (problem instanceof BlobStoreException store) {
            failure.details.put("operation", store.operation().toString());
            store.key().ifPresent(key -> failure.details.put("key", key.toString()));
            failure.details.put("retryable", store.isRetryable());
        }
        return failure;
    }

    /** Returns a failure of this kind. */
    static Failure of(Kind kind, String message) {
        return new Failure(kind, ErrorLine.printable(message));
    }

    /** Returns this failure as that of one file. */
    Failure at(String path) {
        Failure failure = new Failure(kind, ErrorLine.printable(path) + ": " + message);
        failure.details.put("path", path);
        failure.details.putAll(details);
        return failure;
    }

    /** Returns the failure to write the output. */
    static Failure ofOutput(IOException problem) {
        return of(Kind.FAILURE, "the output could not be written: " + ErrorLine.of(problem));
    }

    private static Kind kind(Throwable problem) {
        if (problem instanceof UncheckedIOException wrapper && wrapper.getCause() != null) {
            return kind(wrapper.getCause());
        }
        if (problem instanceof BlobNotFoundException
                || problem instanceof StoreNotFoundException
                || problem instanceof UnknownStreamException) {
            return Kind.NOT_FOUND;
        }
        if (problem instanceof PermissionDeniedException) {
            return Kind.PERMISSION_DENIED;
        }
        return problem instanceof PreconditionFailedException ? Kind.PRECONDITION_FAILED : Kind.FAILURE;
    }

    /** Prints the line. */
    void print(PrintWriter err, boolean json) {
        if (!json) {
            err.println("blobstore: " + message);
            return;
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("error", kind.jsonName());
        line.put("exitCode", exitCode());
        line.put("message", message);
        line.putAll(details);
        try {
            err.println(JSON.std.asString(line));
        } catch (IOException e) {
            throw new UncheckedIOException("strings and numbers are always JSON", e);
        }
    }

    int exitCode() {
        return kind.exitCode;
    }
}
