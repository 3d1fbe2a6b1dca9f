package io.blobstore.bench;

/** Thrown if a benchmark cannot continue; the message gives the reason and a remedy. */
final class BenchmarkException extends RuntimeException {
    private static final long serialVersionUID = 1;

    BenchmarkException(String message) {
        super(message);
    }
}
