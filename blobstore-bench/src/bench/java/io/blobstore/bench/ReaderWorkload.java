package io.blobstore.bench;

/** The readers that the benchmark of readers measures in JVMs of their own. */
enum ReaderWorkload implements Workload {
    /** This library's reader; a whole blob is downloaded. */
    BLOB_READER("BlobReader", ReaderRuns::withReadAhead),
    WITHOUT_READ_AHEAD("BlobReader without read-ahead", ReaderRuns::withoutReadAhead),
    /** Amazon's reader for Spark and Iceberg. */
    ACCELERATOR("analytics-accelerator-s3", AcceleratorRuns::new);

    /** The number of requests in flight of this library by default, and of clients that can be told. */
    static final int CONCURRENCY = 8;

    /** The key of the blob. Its name must not look like a format that some client knows. */
    static final String KEY = "blob.bin";

    private final Work work;

    ReaderWorkload(String title, Opener opener) {
        work = new Work(title, opener);
    }

    @Override
    public Work work() {
        return work;
    }
}
