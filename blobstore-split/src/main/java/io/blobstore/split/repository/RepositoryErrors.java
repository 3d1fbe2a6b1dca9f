package io.blobstore.split.repository;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.StorageFullException;
import io.blobstore.internal.concurrent.Interrupts;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Translates failures of the operating system. */
final class RepositoryErrors {
    private RepositoryErrors() {}

    /** Returns the exception for callers; an interrupt stays what it is. */
    static IOException translate(Operation operation, Path root, IOException problem) {
        if (problem instanceof BlobStoreException || Interrupts.caused(problem)) {
            return problem;
        }
        String reason = reason(problem);
        if (reason.contains("No space left") || reason.contains("quota exceeded")) {
            return new StorageFullException(
                    operation,
                    null,
                    "no space left for the repository " + root + " (" + reason + "); free some",
                    problem);
        }
        return new BlobStoreException(operation, null, "the repository " + root + ": " + reason, problem, false);
    }

    private static String reason(IOException problem) {
        @Nullable String reason = problem instanceof FileSystemException file ? file.getReason() : null;
        return reason != null ? reason : String.valueOf(problem);
    }
}
