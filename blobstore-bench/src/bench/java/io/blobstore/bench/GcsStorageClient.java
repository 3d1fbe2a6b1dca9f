package io.blobstore.bench;

import com.google.cloud.ReadChannel;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.Storage;
import io.blobstore.Crc32c;
import java.io.EOFException;
import java.nio.ByteBuffer;

/** google-cloud-storage's readers, one for each part, without their buffers. Of a part they compare no checksum. */
final class GcsStorageClient implements BenchmarkClient {
    private final TransferSpec job;
    private final BlobId blob;
    private final Storage storage;
    private final PartWorkers workers;
    private final WarmMapping memory;

    GcsStorageClient(TransferSpec job) throws Exception {
        job.require("it reads into memory only", Scenario.Direction.READ);
        this.job = job;
        this.blob = BlobId.of(TransferSpec.BUCKET, job.key());
        this.storage = GoogleSdk.options(job).getService();
        this.workers = new PartWorkers(job.concurrency());
        this.memory = WarmMapping.forWriting(job.file());
    }

    @Override
    public void round() throws Exception {
        PartChecksums checksums = new PartChecksums(memory.size(), job.partSize());
        workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
            ByteBuffer slice = memory.slice(offset, length);
            try (ReadChannel reader = storage.reader(blob)) {
                reader.setChunkSize(0); // otherwise everything goes through a buffer of 2 MiB, one for each part
                reader.seek(offset);
                reader.limit(offset + length);
                while (slice.hasRemaining()) {
                    if (reader.read(slice) < 0) {
                        throw new EOFException("the response ended early");
                    }
                }
            }
            checksums.set(index, Crc32c.of(slice.flip()));
        });
        checksums.require(storage.get(blob).getCrc32c());
    }

    @Override
    public void close() throws Exception {
        workers.close();
        storage.close();
    }
}
