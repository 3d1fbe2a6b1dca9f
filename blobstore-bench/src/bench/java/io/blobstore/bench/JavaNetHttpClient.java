package io.blobstore.bench;

import io.blobstore.Crc32c;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * The JDK's own HTTP client, given the mapped slices as they are: what a loop by hand can be without own code for
 * connections. Encrypts by the JDK's engine, whatever the scenario says. It signs nothing, and knows of errors but
 * their status.
 */
final class JavaNetHttpClient implements BenchmarkClient {
    private static final String CHECKSUM = "x-amz-checksum-crc32c";

    static {
        // It reads by so many bytes. By 16 KiB, its default, reading takes one and a half times the CPU.
        System.setProperty("jdk.httpclient.bufsize", Integer.toString(1 << 20));
    }

    private final TransferSpec job;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final PartWorkers workers;
    private final WarmMapping memory;

    JavaNetHttpClient(TransferSpec job) throws IOException {
        this.job = job;
        this.workers = new PartWorkers(job.concurrency());
        this.memory = job.isUpload() ? WarmMapping.forReading(job.file()) : WarmMapping.forWriting(job.file());
    }

    @Override
    public void round() throws Exception {
        switch (job.scenario().direction) {
            case UPLOAD -> upload();
            case READ -> read();
            case DOWNLOAD -> download();
            default -> throw new UnsupportedOperationException("the client does not know " + job.scenario());
        }
    }

    private HttpRequest.Builder request(String target) {
        return HttpRequest.newBuilder(job.endpoint().resolve(target));
    }

    private <T> HttpResponse<T> send(HttpRequest.Builder request, BodyHandler<T> handler) throws Exception {
        HttpResponse<T> response = client.send(request.build(), handler);
        if (response.statusCode() / 100 != 2) {
            throw new IOException("the server answered " + response.statusCode());
        }
        return response;
    }

    private void upload() throws Exception {
        String uploadId = S3Requests.uploadId(post(S3Requests.create(job)));
        workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
            ByteBuffer slice = memory.slice(offset, length);
            HttpRequest.Builder request = request(S3Requests.part(job, uploadId, index))
                    .header(CHECKSUM, Crc32c.of(slice).base64())
                    .PUT(BodyPublishers.fromPublisher(new OneBuffer(slice), length));
            send(request, BodyHandlers.discarding());
        });
        post(S3Requests.complete(job, uploadId));
    }

    private String post(String target) throws Exception {
        return send(request(target).POST(BodyPublishers.noBody()), BodyHandlers.ofString())
                .body();
    }

    private void read() throws Exception {
        PartChecksums checksums = new PartChecksums(memory.size(), job.partSize());
        workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
            ByteBuffer slice = memory.slice(offset, length);
            get(offset, length, slice.duplicate()::put);
            checksums.set(index, Crc32c.of(slice));
        });
        requireRead(checksums);
    }

    /** Into a new file, each buffer as it comes. */
    private void download() throws Exception {
        PartChecksums checksums = new PartChecksums(memory.size(), job.partSize());
        try (FileChannel file =
                FileChannel.open(job.newFile(), StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
                FilePart part = new FilePart(file, offset);
                get(offset, length, part);
                checksums.set(index, new Crc32c((int) part.crc.getValue()));
            });
        }
        requireRead(checksums);
    }

    private void get(long offset, int length, Consumer<ByteBuffer> target) throws Exception {
        HttpRequest.Builder request = request(S3Requests.object(job)).header("Range", AwsSdk.range(offset, length));
        send(request, response -> new Pouring(target));
    }

    private void requireRead(PartChecksums checksums) throws Exception {
        HttpRequest.Builder request = request(S3Requests.object(job))
                .header("x-amz-checksum-mode", "ENABLED")
                .method("HEAD", BodyPublishers.noBody());
        checksums.require(send(request, BodyHandlers.discarding())
                .headers()
                .firstValue(CHECKSUM)
                .orElseThrow());
    }

    @Override
    public void close() {
        workers.close(); // the client itself can be closed from JDK 21 on only
    }

    /** Publishes a buffer as it is. */
    private record OneBuffer(ByteBuffer content) implements Flow.Publisher<ByteBuffer> {
        @Override
        public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
            subscriber.onSubscribe(new Flow.Subscription() {
                private boolean isOver;

                @Override
                public synchronized void request(long count) {
                    if (!isOver) {
                        isOver = true;
                        subscriber.onNext(content.asReadOnlyBuffer());
                        subscriber.onComplete();
                    }
                }

                @Override
                public synchronized void cancel() {
                    isOver = true;
                }
            });
        }
    }

    /** Gives away what arrives at once, without gathering it first. */
    private static final class Pouring implements BodySubscriber<Void> {
        private final Consumer<ByteBuffer> target;
        private final CompletableFuture<Void> done = new CompletableFuture<>();

        Pouring(Consumer<ByteBuffer> target) {
            this.target = target;
        }

        @Override
        public CompletionStage<Void> getBody() {
            return done;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            buffers.forEach(target);
        }

        @Override
        public void onError(Throwable problem) {
            done.completeExceptionally(problem);
        }

        @Override
        public void onComplete() {
            done.complete(null);
        }
    }

    /** Writes what it is given into a file, from some position on. */
    private static final class FilePart implements Consumer<ByteBuffer> {
        private final FileChannel file;
        private final CRC32C crc = new CRC32C();
        private long position;

        FilePart(FileChannel file, long position) {
            this.file = file;
            this.position = position;
        }

        @Override
        public void accept(ByteBuffer buffer) {
            crc.update(buffer.duplicate());
            try {
                while (buffer.hasRemaining()) {
                    position += file.write(buffer, position);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
