package io.blobstore.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/**
 * What the machine can do: a loop that writes the mapped slices to blocking channels, or reads into them, and computes
 * their CRC32C. It signs nothing, repeats nothing and knows no errors.
 */
final class HandRolledClient implements BenchmarkClient {
    private final TransferSpec job;
    private final PartWorkers workers;
    private final WarmMapping memory;
    private final LoopConnections connections;

    HandRolledClient(TransferSpec job) throws Exception {
        this.job = job;
        this.workers = new PartWorkers(job.concurrency());
        this.memory = job.isUpload() ? WarmMapping.forReading(job.file()) : WarmMapping.forWriting(job.file());
        this.connections = new LoopConnections(job);
    }

    @Override
    public void round() throws Exception {
        switch (job.scenario().direction) {
            case UPLOAD -> upload();
            case READ -> read();
            case DOWNLOAD -> download();
            default -> throw new UnsupportedOperationException("the loop does not know " + job.scenario());
        }
    }

    private void upload() throws Exception {
        connections.upload(workers, memory.size(), (connection, request, offset, length) -> {
            ByteBuffer slice = memory.slice(offset, length);
            connection.exchange(request, S3Requests.checksum(slice), slice);
        });
    }

    private void read() throws Exception {
        PartChecksums checksums = new PartChecksums(memory.size(), job.partSize());
        workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
            ByteBuffer slice = memory.slice(offset, length);
            checksums.set(
                    index,
                    connections.with(connection ->
                            connection.get("GET " + S3Requests.object(job), AwsSdk.range(offset, length), slice)));
        });
        requireRead(checksums);
    }

    /** Into a new file, through a small buffer of each connection. */
    private void download() throws Exception {
        PartChecksums checksums = new PartChecksums(memory.size(), job.partSize());
        try (FileChannel file =
                FileChannel.open(job.newFile(), StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            workers.forEachPart(
                    memory.size(),
                    job.partSize(),
                    (index, offset, length) -> checksums.set(
                            index,
                            connections.with(connection -> connection.copy(
                                    "GET " + S3Requests.object(job),
                                    AwsSdk.range(offset, length),
                                    length,
                                    file,
                                    offset))));
        }
        requireRead(checksums);
    }

    private void requireRead(PartChecksums checksums) throws Exception {
        checksums.require(connections.with(connection -> connection.checksum("HEAD " + S3Requests.object(job))));
    }

    @Override
    public void close() throws IOException {
        workers.close();
        connections.close();
    }
}
