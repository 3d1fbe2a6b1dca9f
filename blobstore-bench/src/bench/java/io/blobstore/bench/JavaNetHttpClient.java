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
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * The JDK's HTTP client, given the mapped slices without a copy: a hand-written loop without its own connections. It
 * encrypts with the JDK's engine on every transport. It signs nothing and checks nothing but the status.
 */
final class JavaNetHttpClient extends PartwiseClient {
    private static final String CHECKSUM = "x-amz-checksum-crc32c";

    static {
        // The size of its reads. The default of 16 KiB takes 1.5 times the CPU for downloads.
        System.setProperty("jdk.httpclient.bufsize", Integer.toString(1 << 20));
    }

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    JavaNetHttpClient(TransferSpec spec) throws IOException {
        super(spec);
    }

    private HttpRequest.Builder request(String target) {
        return HttpRequest.newBuilder(spec.endpoint().resolve(target));
    }

    private <T> HttpResponse<T> send(HttpRequest.Builder request, BodyHandler<T> handler)
            throws IOException, InterruptedException {
        HttpResponse<T> response = client.send(request.build(), handler);
        if (response.statusCode() / 100 != 2) {
            throw new IOException("the server answered " + response.statusCode());
        }
        return response;
    }

    private String post(String query) throws IOException, InterruptedException {
        HttpRequest.Builder request =
                request(HandRolledClient.object(spec) + query).POST(BodyPublishers.noBody());
        return send(request, BodyHandlers.ofString()).body();
    }

    @Override
    String create() throws Exception {
        return HandRolledClient.uploadId(post("?uploads"));
    }

    @Override
    String uploadPart(String uploadId, int index, long offset, ByteBuffer content) throws Exception {
        HttpRequest.Builder request = request(HandRolledClient.part(spec, uploadId, index))
                .header(CHECKSUM, Crc32c.of(content).base64())
                .PUT(BodyPublishers.fromPublisher(new OneBuffer(content), content.remaining()));
        send(request, BodyHandlers.discarding());
        return "";
    }

    @Override
    void complete(String uploadId, List<String> etags) throws Exception {
        post("?uploadId=" + uploadId);
    }

    @Override
    Crc32c read(long offset, ByteBuffer target) throws Exception {
        get(offset, target.remaining(), target.duplicate()::put);
        return Crc32c.of(target);
    }

    @Override
    Crc32c download(long offset, int length, FileChannel file) throws Exception {
        CRC32C crc = new CRC32C();
        long[] position = {offset};
        get(offset, length, buffer -> {
            crc.update(buffer.duplicate());
            try {
                while (buffer.hasRemaining()) {
                    position[0] += file.write(buffer, position[0]);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return new Crc32c((int) crc.getValue());
    }

    private void get(long offset, int length, Consumer<ByteBuffer> target) throws Exception {
        HttpRequest.Builder request =
                request(HandRolledClient.object(spec)).header("Range", TransferSpec.range(offset, length));
        send(request, BodyHandlers.fromSubscriber(new Consuming(target)));
    }

    @Override
    String checksum() throws Exception {
        HttpRequest.Builder request = request(HandRolledClient.object(spec))
                .header("x-amz-checksum-mode", "ENABLED")
                .method("HEAD", BodyPublishers.noBody());
        return send(request, BodyHandlers.discarding())
                .headers()
                .firstValue(CHECKSUM)
                .orElseThrow();
    }

    /** Publishes a buffer without copying it. */
    private record OneBuffer(ByteBuffer content) implements Flow.Publisher<ByteBuffer> {
        @Override
        public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
            AtomicBoolean isOver = new AtomicBoolean();
            subscriber.onSubscribe(new Flow.Subscription() {
                @Override
                public void request(long count) {
                    if (isOver.compareAndSet(false, true)) {
                        subscriber.onNext(content.asReadOnlyBuffer());
                        subscriber.onComplete();
                    }
                }

                @Override
                public void cancel() {
                    isOver.set(true);
                }
            });
        }
    }

    /** Passes received buffers to a consumer; the response handler reports errors. */
    private record Consuming(Consumer<ByteBuffer> target) implements Flow.Subscriber<List<ByteBuffer>> {
        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            buffers.forEach(target);
        }

        @Override
        public void onError(Throwable problem) {}

        @Override
        public void onComplete() {}
    }
}
