package io.blobstore.bench;

import com.google.cloud.ReadChannel;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.Storage;
import io.blobstore.Crc32c;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * google-cloud-storage's client as one gets it: one request for the whole object, into memory or to the file by its
 * name, whatever the job says of parts. It computes CRC32C of what it reads, and compares that at the end of the
 * content: who has all of it in memory and asks for no more, as one does, has to compare it once more.
 */
final class GcsStorageDefaultClient implements BenchmarkClient {
    private final TransferSpec job;
    private final BlobId blob;
    private final Storage storage;
    private final WarmMapping memory;

    GcsStorageDefaultClient(TransferSpec job) throws IOException {
        job.require("it reads and downloads only", Scenario.Direction.READ, Scenario.Direction.DOWNLOAD);
        this.job = job;
        this.blob = BlobId.of(TransferSpec.BUCKET, job.key());
        this.storage = GoogleSdk.options(job).getService();
        this.memory = WarmMapping.forWriting(job.file());
    }

    @Override
    public void round() throws IOException {
        if (job.scenario().direction == Scenario.Direction.READ) {
            read();
        } else {
            storage.downloadTo(blob, job.newFile());
        }
    }

    private void read() throws IOException {
        ByteBuffer target = memory.whole();
        try (ReadChannel reader = storage.reader(blob)) {
            while (target.hasRemaining()) {
                if (reader.read(target) < 0) {
                    throw new EOFException("the response ended early");
                }
            }
        }
        PartChecksums checksum = new PartChecksums(memory.size(), Math.toIntExact(memory.size()));
        checksum.set(0, Crc32c.of(target.flip()));
        checksum.require(storage.get(blob).getCrc32c());
    }

    @Override
    public void close() throws Exception {
        storage.close();
    }
}
