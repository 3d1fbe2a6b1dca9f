package io.blobstore.bench;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.ReaderOptions;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Somebody who reads a blob piece by piece into one buffer. */
final class ReaderClient implements BenchmarkClient {
    /** What a round reads at random. */
    static final long RANDOM_BYTES = 128L << 20;

    private static final int PIECE = 1 << 20;

    private final TransferSpec job;
    private final ReaderOptions options;
    private final BlobStore store;
    private final TransferManager reader = TransferManager.create();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
    /** The same places for everybody. */
    private final SplittableRandom random = new SplittableRandom(42);

    private ReaderClient(TransferSpec job, ReaderOptions options) throws IOException {
        this.job = job;
        this.options = options;
        this.store = BlobstoreClient.s3Store(job);
    }

    static BenchmarkClient readingAhead(TransferSpec job) throws IOException {
        return new ReaderClient(
                job, ReaderOptions.builder().concurrency(job.concurrency()).build());
    }

    static BenchmarkClient plain(TransferSpec job) throws IOException {
        return new ReaderClient(
                job,
                ReaderOptions.builder()
                        .concurrency(job.concurrency())
                        .maxReadAhead(0)
                        .build());
    }

    @Override
    public void round() throws Exception {
        try (BlobReader blob = reader.openReader(store, BlobKey.of(job.key()), options)) {
            if (job.scenario().direction == Scenario.Direction.SEQUENCE) {
                readAll(blob);
            } else {
                readHereAndThere(blob);
            }
        }
    }

    private void readAll(BlobReader blob) throws IOException {
        long done = 0;
        for (int bytes = blob.read(buffer.clear()); bytes >= 0; bytes = blob.read(buffer.clear())) {
            done += bytes;
        }
        if (done != blob.size()) {
            throw new BenchmarkException("read only " + done + " bytes of " + blob.size());
        }
    }

    private void readHereAndThere(BlobReader blob) throws IOException {
        long size = blob.size();
        for (long done = 0; done < RANDOM_BYTES; done += PIECE) {
            blob.position(random.nextLong(size - PIECE));
            if (blob.read(buffer.clear()) != PIECE) {
                throw new BenchmarkException("a read was cut short");
            }
        }
    }

    @Override
    public void close() throws Exception {
        reader.close();
        store.close();
    }
}
