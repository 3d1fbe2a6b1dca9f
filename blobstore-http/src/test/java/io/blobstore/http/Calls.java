package io.blobstore.http;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;

/** Creates and executes requests for the tests of the HTTP client. */
final class Calls {
    private Calls() {}

    static HttpRequest get(ScriptedServer server) {
        return HttpRequest.of("GET", server.endpoint(), "/blob", HttpHeaders.EMPTY);
    }

    static HttpRequest put(ScriptedServer server, BlobSource body) {
        return HttpRequest.of("PUT", server.endpoint(), "/blob", HttpHeaders.EMPTY, body);
    }

    /** Returns a request whose answer takes as long as the server's work. */
    static HttpRequest slow(ScriptedServer server) {
        return new HttpRequest(
                "POST", server.endpoint(), "/blob", HttpHeaders.EMPTY, Optional.of(BlobSource.of()), false, true);
    }

    static HttpRequest put(ScriptedServer server, byte[] body) {
        return put(server, BlobSource.of(direct(body)));
    }

    static ResponseHandler into(ByteBuffer target) {
        return (status, headers) -> Optional.of(body(target));
    }

    /** Returns a response body that fills a buffer. */
    static ResponseHandler.Body body(ByteBuffer target) {
        return new ResponseHandler.Body(target.remaining(), BlobTarget.Window.of(target));
    }

    static HttpResponse execute(HttpClient client, HttpRequest request) throws IOException {
        return client.newCall(request).execute(ResponseHandler.KEEP);
    }

    /** Returns the failure of a request that gets no complete response. */
    static TransportException failure(HttpClient client, HttpRequest request, ResponseHandler handler) {
        return catchThrowableOfType(
                TransportException.class, () -> client.newCall(request).execute(handler));
    }

    static TransportException failure(HttpClient client, HttpRequest request) {
        return failure(client, request, ResponseHandler.KEEP);
    }

    /** Creates or resizes a file of zeros, which occupies no space on disk. */
    static void makeSparse(Path file, long size) throws IOException {
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(size);
        }
    }

    /** Returns random bytes, the same for each size. */
    static byte[] content(int size) {
        byte[] content = new byte[size];
        new SplittableRandom(size).nextBytes(content);
        return content;
    }

    static ByteBuffer direct(byte[] content) {
        return ByteBuffer.allocateDirect(content.length).put(content).flip();
    }

    static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.limit()];
        buffer.duplicate().position(0).get(bytes);
        return bytes;
    }
}
