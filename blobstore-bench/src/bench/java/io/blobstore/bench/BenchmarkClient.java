package io.blobstore.bench;

/** One way to move the content, ready to do so again and again. */
interface BenchmarkClient extends AutoCloseable {
    /** Moves the whole content once. When this returns, it is there, and a read one has been verified. */
    void round() throws Exception;

    /** How long each of the small things took that the rounds since the last call consist of, if they do. */
    default Latencies takeLatencies() {
        return new Latencies();
    }
}
