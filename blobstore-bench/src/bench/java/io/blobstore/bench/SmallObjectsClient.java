package io.blobstore.bench;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;

/** Transfers small objects with as many threads as the transfer has concurrent parts, from or to direct memory. */
final class SmallObjectsClient implements BenchmarkClient {
    private final boolean isUpload;
    final BenchmarkClient client;
    private final PartWorkers threads;
    private final List<ByteBuffer> contents;

    SmallObjectsClient(TransferSpec spec, BenchmarkClient client) {
        this.isUpload = spec.isUpload();
        this.client = client;
        this.threads = new PartWorkers(spec.concurrency());
        this.contents = Stream.generate(() -> ByteBuffer.allocateDirect(spec.partSize()))
                .limit(spec.concurrency())
                .toList();
    }

    @Override
    public void round() throws Exception {
        threads.forEachPart(contents.size(), 1, (index, offset, length) -> transfer(contents.get(index)));
    }

    private void transfer(ByteBuffer content) throws Exception {
        for (int i = 0; i < Operation.OBJECTS / contents.size(); i++) {
            if (isUpload) {
                client.put(content.clear());
            } else {
                client.get(content.clear());
            }
        }
    }

    @Override
    public void close() throws Exception {
        threads.close();
        client.close();
    }
}
