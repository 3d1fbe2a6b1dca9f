package io.blobstore.bench;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/**
 * What is left of an upload without encryption if this JVM does not touch the content: the loop of
 * {@link HandRolledClient}, but the kernel sends the file, and nobody computes a checksum.
 */
final class SendfileClient implements BenchmarkClient {
    private final PartWorkers workers;
    private final LoopConnections connections;
    private final FileChannel file;

    SendfileClient(TransferSpec job) throws Exception {
        if (!job.isUpload() || job.scenario().transport.isEncrypted()) {
            throw new BenchmarkException("the kernel sends files, and as they are: uploads over HTTP only");
        }
        this.workers = new PartWorkers(job.concurrency());
        this.connections = new LoopConnections(job);
        this.file = FileChannel.open(job.file(), StandardOpenOption.READ);
    }

    @Override
    public void round() throws Exception {
        connections.upload(
                workers,
                file.size(),
                (connection, request, offset, length) -> connection.exchange(request, file, offset, length));
    }

    @Override
    public void close() throws IOException {
        workers.close();
        connections.close();
        file.close();
    }
}
