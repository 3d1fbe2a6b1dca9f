package io.blobstore.bench;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.bench.ReadPlan.Read;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.ReaderOptions;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Rounds of this library's reader. */
final class ReaderRuns implements Workload.Run {
    private static final BlobKey KEY = BlobKey.of(ReaderWorkload.KEY);

    private final ReadPlan plan;
    private final long size;
    private final BlobStore store;
    private final ReaderOptions options;
    private final TransferManager transfers = TransferManager.create();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ThreadLocal<ByteBuffer> buffers;

    private ReaderRuns(Workload.Spec spec, ReaderOptions.Builder options) throws IOException {
        this.plan = ReadPlan.read(spec.source());
        this.size = spec.size();
        this.options = options.concurrency(ReaderWorkload.CONCURRENCY).build();
        this.store = BlobStores.open("s3://" + TransferSpec.BUCKET + "?endpoint=" + spec.endpoint() + "&region="
                + TransferSpec.REGION + "&pathStyle=true");
        int longest = plan.readers().stream()
                .flatMap(List::stream)
                .mapToInt(Read::length)
                .max()
                .orElseThrow();
        this.buffers = ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(longest));
    }

    static Workload.Run withReadAhead(Workload.Spec spec) throws IOException {
        return new ReaderRuns(spec, ReaderOptions.builder());
    }

    static Workload.Run withoutReadAhead(Workload.Spec spec) throws IOException {
        return new ReaderRuns(spec, ReaderOptions.builder().maxReadAhead(0));
    }

    @Override
    public void round() throws Exception {
        ReadRound.run(plan, threads, this::read);
    }

    private void read(List<Read> reads) throws Exception {
        ByteBuffer buffer = buffers.get();
        if (reads.get(0).length() == size) {
            DownloadOptions whole = DownloadOptions.builder()
                    .concurrency(ReaderWorkload.CONCURRENCY)
                    .build();
            transfers
                    .download(store, KEY, ByteRange.all(), BlobTarget.of(buffer.clear()), whole)
                    .join();
            return;
        }
        try (BlobReader reader = transfers.openReader(store, KEY, options)) {
            for (Read read : reads) {
                buffer.clear().limit(read.length());
                if (read.isTail()) {
                    ReadRound.require(read, reader.readTail(buffer));
                    continue;
                }
                reader.position(read.offset());
                while (buffer.hasRemaining() && reader.read(buffer) >= 0) {}
                ReadRound.require(read, buffer.position());
            }
        }
    }

    @Override
    public void close() throws IOException {
        threads.shutdown();
        transfers.close();
        store.close();
    }
}
