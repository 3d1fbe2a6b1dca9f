package io.blobstore.bench;

import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.BlobWriteSession;
import com.google.cloud.storage.BlobWriteSessionConfigs;
import com.google.cloud.storage.ParallelCompositeUploadBlobWriteSessionConfig.BufferAllocationStrategy;
import com.google.cloud.storage.ParallelCompositeUploadBlobWriteSessionConfig.ExecutorSupplier;
import com.google.cloud.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * google-cloud-storage's parallel composite upload, its channel fed with slices of the mapping. The transfer manager
 * feeds the same channel by reading the file, in small pieces.
 */
final class GcsWriteSessionClient implements BenchmarkClient {
    private final TransferSpec job;
    private final Storage storage;
    private final WarmMapping memory;

    GcsWriteSessionClient(TransferSpec job) throws IOException {
        job.require("it uploads only", Scenario.Direction.UPLOAD);
        this.job = job;
        this.storage = GoogleSdk.options(job).toBuilder()
                .setBlobWriteSessionConfig(BlobWriteSessionConfigs.parallelCompositeUpload()
                        .withExecutorSupplier(ExecutorSupplier.fixedPool(job.concurrency()))
                        // One more is filled while these are sent, as the transfer manager has it.
                        .withBufferAllocationStrategy(
                                BufferAllocationStrategy.fixedPool(job.concurrency() + 1, job.partSize())))
                .build()
                .getService();
        this.memory = WarmMapping.forReading(job.file());
    }

    @Override
    public void round() throws Exception {
        BlobWriteSession session = storage.blobWriteSession(
                BlobInfo.newBuilder(TransferSpec.BUCKET, job.key()).build());
        try (WritableByteChannel channel = session.open()) {
            for (long offset = 0; offset < memory.size(); offset += job.partSize()) {
                ByteBuffer slice = memory.slice(offset, (int) Math.min(job.partSize(), memory.size() - offset));
                while (slice.hasRemaining()) {
                    channel.write(slice);
                }
            }
        }
        session.getResult().get();
    }

    @Override
    public void close() throws Exception {
        storage.close();
    }
}
