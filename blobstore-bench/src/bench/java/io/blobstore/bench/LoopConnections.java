package io.blobstore.bench;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** As many connections as parts are under way at once, and how an object is uploaded by them. Thread-safe. */
final class LoopConnections implements Closeable {
    /** Does something by a connection that nobody else has meanwhile. */
    @FunctionalInterface
    interface Use<T> {
        T apply(LoopConnection connection) throws Exception;
    }

    /** Sends one part. */
    @FunctionalInterface
    interface PartSender {
        /** By {@code request}, {@code length} bytes of the content from {@code offset} on. */
        void send(LoopConnection connection, String request, long offset, int length) throws Exception;
    }

    private final TransferSpec job;
    private final BlockingQueue<LoopConnection> idle = new LinkedBlockingQueue<>();

    /** Opens them. */
    LoopConnections(TransferSpec job) throws Exception {
        this.job = job;
        ClientEngines engines = ClientEngines.of(job.scenario().transport);
        for (int i = 0; i < job.concurrency(); i++) {
            idle.add(new LoopConnection(job.endpoint(), engines));
        }
    }

    /** Lends one. After a failure it is not used again. */
    <T> T with(Use<T> use) throws Exception {
        LoopConnection connection = idle.take();
        T result = use.apply(connection);
        idle.add(connection);
        return result;
    }

    /** Uploads in parts. */
    void upload(PartWorkers workers, long size, PartSender sender) throws Exception {
        String uploadId = S3Requests.uploadId(post(S3Requests.create(job)));
        workers.forEachPart(
                size,
                job.partSize(),
                (index, offset, length) -> with(connection -> {
                    sender.send(connection, "PUT " + S3Requests.part(job, uploadId, index), offset, length);
                    return null;
                }));
        post(S3Requests.complete(job, uploadId));
    }

    private String post(String target) throws Exception {
        return with(connection -> connection.exchange("POST " + target, "", ByteBuffer.allocate(0)));
    }

    @Override
    public void close() throws IOException {
        for (LoopConnection connection : idle) {
            connection.close();
        }
    }
}
