package io.blobstore.cache;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Closes several things. */
final class Closing {
    private Closing() {}

    /** Closes all of them after a failure, in which further failures are suppressed. */
    static void afterFailure(List<? extends Closeable> parts, Exception failure) {
        try {
            all(parts);
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** Closes all of them in order, whatever fails, and then throws the first failure. */
    static void all(List<? extends Closeable> parts) throws IOException {
        @Nullable Exception first = null;
        for (Closeable part : parts) {
            try {
                part.close();
            } catch (IOException | RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first instanceof IOException e) {
            throw e;
        }
        if (first instanceof RuntimeException e) {
            throw e;
        }
    }
}
