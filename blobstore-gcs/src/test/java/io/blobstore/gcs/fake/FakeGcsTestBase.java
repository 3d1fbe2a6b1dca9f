package io.blobstore.gcs.fake;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.blobstore.Crc32c;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Starts a fake with a bucket for each test, and sends requests to it. */
abstract class FakeGcsTestBase {
    static final String OBJECT = "/some-bucket/some/object";
    static final String JSON_OBJECT = "/storage/v1/b/some-bucket/o/some%2Fobject";

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    FakeGcs gcs;

    @BeforeEach
    void start() throws IOException {
        gcs = FakeGcs.start().createBucket("some-bucket");
    }

    @AfterEach
    void stop() throws IOException {
        gcs.close();
    }

    HttpResponse<byte[]> send(String method, String target, byte[] body, String... fields) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(gcs.endpoint() + target))
                .method(method, body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        if (fields.length > 0) {
            request.headers(fields);
        }
        try {
            return CLIENT.send(request.build(), BodyHandlers.ofByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    HttpResponse<byte[]> send(String method, String target) {
        return send(method, target, new byte[0]);
    }

    HttpResponse<byte[]> put(String target, String text, String... fields) {
        return send("PUT", target, text.getBytes(UTF_8), fields);
    }

    static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), UTF_8);
    }

    static JsonObject json(HttpResponse<byte[]> response) {
        return JsonParser.parseString(text(response)).getAsJsonObject();
    }

    static String reason(HttpResponse<byte[]> response) {
        JsonObject error = json(response).getAsJsonObject("error");
        assertThat(error.get("code").getAsInt()).isEqualTo(response.statusCode());
        return error.getAsJsonArray("errors")
                .get(0)
                .getAsJsonObject()
                .get("reason")
                .getAsString();
    }

    static String tag(HttpResponse<byte[]> response, String name) {
        return text(response).replaceAll("(?s).*<" + name + ">(.*?)</" + name + ">.*", "$1");
    }

    static String field(HttpResponse<byte[]> response, String name) {
        return String.join(",", response.headers().allValues(name));
    }

    static String crc(byte[] content) {
        return Crc32c.of(ByteBuffer.wrap(content)).base64();
    }

    /** Sends characters in UTF-8, ends the stream, and reads until the connection is closed. */
    String raw(String request) throws IOException {
        try (Socket socket = new Socket(gcs.endpoint().getHost(), gcs.endpoint().getPort())) {
            socket.getOutputStream().write(request.getBytes(UTF_8));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }
}
