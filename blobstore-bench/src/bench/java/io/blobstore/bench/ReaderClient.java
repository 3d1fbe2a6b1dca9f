package io.blobstore.bench;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.ReaderOptions;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** The library's reader, which reads a blob piece by piece into one buffer. */
final class ReaderClient implements BenchmarkClient {
    private static final int PIECE = 1 << 20;

    private final TransferSpec spec;
    private final ReaderOptions options;
    private final BlobStore store;
    private final TransferManager transfers = TransferManager.create();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
    /** The same positions for all clients. */
    private final SplittableRandom random = new SplittableRandom(42);

    private ReaderClient(TransferSpec spec, ReaderOptions options) throws IOException {
        this.spec = spec;
        this.options = options;
        this.store = BlobstoreClient.s3Store(spec);
    }

    static BenchmarkClient withReadAhead(TransferSpec spec) throws IOException {
        return new ReaderClient(
                spec, ReaderOptions.builder().concurrency(spec.concurrency()).build());
    }

    static BenchmarkClient withoutReadAhead(TransferSpec spec) throws IOException {
        return new ReaderClient(
                spec,
                ReaderOptions.builder()
                        .concurrency(spec.concurrency())
                        .maxReadAhead(0)
                        .build());
    }

    @Override
    public void round() throws Exception {
        try (BlobReader blob = transfers.openReader(store, BlobKey.of(spec.key()), options)) {
            if (spec.operation() == Operation.SEQUENTIAL) {
                readAll(blob);
            } else {
                readAtRandom(blob);
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

    private void readAtRandom(BlobReader blob) throws IOException {
        long size = blob.size();
        for (long done = 0; done < Operation.RANDOM_BYTES; done += PIECE) {
            blob.position(random.nextLong(size - PIECE));
            if (blob.read(buffer.clear()) != PIECE) {
                throw new BenchmarkException("a read was cut short");
            }
        }
    }

    @Override
    public void close() throws Exception {
        transfers.close();
        store.close();
    }
}
