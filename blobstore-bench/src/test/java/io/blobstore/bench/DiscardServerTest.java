package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.Crc32c;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever the server answers, clients of S3 have to make something of it. */
class DiscardServerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long SIZE = ServedObject.BLOCK + 1000L;

    private final HttpClient client = HttpClient.newHttpClient();
    private DiscardServer server;

    @BeforeEach
    void start() throws IOException {
        server = DiscardServer.start(Optional.empty(), SIZE);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private HttpRequest.Builder request(String target) throws IOException {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + target))
                .version(HttpClient.Version.HTTP_1_1)
                .timeout(PATIENCE);
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private HttpResponse<byte[]> get(String target, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = request(target);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofByteArray());
    }

    private static Crc32c checksum(byte[] content) {
        return Crc32c.of(ByteBuffer.wrap(content));
    }

    private static byte[] content(int size) {
        byte[] content = new byte[size];
        new SplittableRandom(size).nextBytes(content);
        return content;
    }

    private String create(String target) throws IOException, InterruptedException {
        String created = send(request(target + "?uploads")
                        .header("x-amz-checksum-type", "FULL_OBJECT")
                        .POST(BodyPublishers.noBody()))
                .body();
        return created.replaceAll("(?s).*<UploadId>(.*)</UploadId>.*", "$1");
    }

    private HttpResponse<String> part(String target, String uploadId, int number, byte[] content)
            throws IOException, InterruptedException {
        return send(request(target + "?partNumber=" + number + "&uploadId=" + uploadId)
                .header("x-amz-checksum-crc32c", checksum(content).base64())
                .PUT(BodyPublishers.ofByteArray(content)));
    }

    @Test
    void anUploadInPartsHasTheSizeAndTheChecksumOfTheWhole() throws Exception {
        byte[] content = content(1_000_000);
        String uploadId = create("/bench/a/b");

        HttpResponse<String> second =
                part("/bench/a/b", uploadId, 2, Arrays.copyOfRange(content, 700_000, content.length));
        part("/bench/a/b", uploadId, 1, Arrays.copyOf(content, 700_000));
        HttpResponse<String> completed = send(
                request("/bench/a/b?uploadId=" + uploadId).POST(BodyPublishers.ofString("<CompleteMultipartUpload/>")));
        HttpResponse<String> head = send(
                request("/bench/a/b").header("x-amz-checksum-mode", "ENABLED").method("HEAD", BodyPublishers.noBody()));

        assertThat(second.headers().firstValue("etag")).isPresent();
        assertThat(second.headers().firstValue("x-amz-checksum-crc32c"))
                .contains(checksum(Arrays.copyOfRange(content, 700_000, content.length))
                        .base64());
        assertThat(completed.statusCode()).isEqualTo(200);
        assertThat(completed.body())
                .contains("<Bucket>bench</Bucket><Key>a/b</Key>")
                .contains("<ChecksumCRC32C>" + checksum(content).base64() + "</ChecksumCRC32C>");
        assertThat(head.headers().firstValueAsLong("content-length")).hasValue(content.length);
        assertThat(head.headers().firstValue("x-amz-checksum-crc32c"))
                .contains(checksum(content).base64());
        assertThat(server.traffic("/bench/a/b").received()).isGreaterThanOrEqualTo(content.length);
    }

    @Test
    void anUploadCompletedWithAWrongChecksumIsRefused() throws Exception {
        String uploadId = create("/bench/a");
        part("/bench/a", uploadId, 1, content(10));

        HttpResponse<String> completed = send(request("/bench/a?uploadId=" + uploadId)
                .header("x-amz-checksum-crc32c", Crc32c.EMPTY.base64())
                .POST(BodyPublishers.noBody()));

        assertThat(completed.statusCode()).isEqualTo(400);
        assertThat(completed.body()).contains("<Code>BadDigest</Code>");
    }

    @Test
    void anAbortedUploadIsGone() throws Exception {
        String uploadId = create("/bench/a");

        assertThat(send(request("/bench/a?uploadId=" + uploadId).DELETE()).statusCode())
                .isEqualTo(204);
        HttpResponse<String> part = part("/bench/a", uploadId, 1, content(10));

        assertThat(part.statusCode()).isEqualTo(404);
        assertThat(part.body()).contains("<Code>NoSuchUpload</Code>");
    }

    @Test
    void aBodyInChunksAndOneThatWaitsToBeAskedForAreTaken() throws Exception {
        byte[] content = content(300_000);

        HttpResponse<String> chunked = send(
                request("/bench/chunked").PUT(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(content))));
        HttpResponse<String> expecting =
                send(request("/bench/expecting").expectContinue(true).PUT(BodyPublishers.ofByteArray(content)));
        HttpResponse<String> signed = send(request("/bench/signed")
                .header("x-amz-decoded-content-length", "299000")
                .PUT(BodyPublishers.ofByteArray(content)));

        assertThat(chunked.statusCode()).isEqualTo(200);
        assertThat(expecting.statusCode()).isEqualTo(200);
        assertThat(signed.statusCode()).isEqualTo(200);
        assertThat(server.traffic("/bench/chunked").received()).isEqualTo(content.length);
        assertThat(server.traffic("/bench/expecting").received()).isEqualTo(content.length);
        assertThat(server.traffic("/bench/signed").received()).isEqualTo(299_000);
    }

    @Test
    void rangesAreThoseOfTheWhole() throws Exception {
        HttpResponse<byte[]> whole = get("/bench/any", "x-amz-checksum-mode", "ENABLED");
        HttpResponse<byte[]> range =
                get("/bench/any", "Range", "bytes=" + (ServedObject.BLOCK - 100) + "-" + (ServedObject.BLOCK + 99));
        HttpResponse<byte[]> end = get("/bench/any", "Range", "bytes=" + (SIZE - 5) + "-");
        HttpResponse<byte[]> beyond = get("/bench/any", "Range", "bytes=" + SIZE + "-");

        assertThat(whole.body()).hasSize((int) SIZE);
        assertThat(whole.headers().firstValue("x-amz-checksum-crc32c"))
                .contains(checksum(whole.body()).base64());
        assertThat(range.statusCode()).isEqualTo(206);
        assertThat(range.headers().firstValue("content-range"))
                .contains("bytes " + (ServedObject.BLOCK - 100) + "-" + (ServedObject.BLOCK + 99) + "/" + SIZE);
        assertThat(range.headers().firstValue("x-amz-checksum-crc32c")).isEmpty();
        assertThat(range.body())
                .isEqualTo(Arrays.copyOfRange(whole.body(), ServedObject.BLOCK - 100, ServedObject.BLOCK + 100));
        assertThat(end.body()).isEqualTo(Arrays.copyOfRange(whole.body(), (int) SIZE - 5, (int) SIZE));
        assertThat(beyond.statusCode()).isEqualTo(416);
        assertThat(server.traffic("/bench/any").sent()).isEqualTo(SIZE + 200 + 5);
    }

    @Test
    void itsCertificateIsGoodForThoseOnlyWhoTrustItsAuthority(@TempDir Path directory) throws Exception {
        Certificates certificates = Certificates.create(directory);
        try (DiscardServer encrypted = DiscardServer.start(Optional.of(certificates.serverContext()), SIZE)) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + encrypted.port() + "/b/k"))
                    .timeout(PATIENCE)
                    .build();
            HttpClient trusting =
                    HttpClient.newBuilder().sslContext(trusting(certificates)).build();

            HttpResponse<byte[]> response = trusting.send(request, BodyHandlers.ofByteArray());

            assertThat(response.body()).hasSize((int) SIZE);
            assertThat(encrypted.traffic("/b/k").security()).containsExactly("TLSv1.3 TLS_AES_128_GCM_SHA256");
            assertThatThrownBy(() -> client.send(request, BodyHandlers.discarding()))
                    .isInstanceOf(SSLHandshakeException.class);
        }
    }

    private static SSLContext trusting(Certificates certificates) throws Exception {
        KeyStore trust =
                KeyStore.getInstance(certificates.trustStore().toFile(), Certificates.TRUST_PASSWORD.toCharArray());
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trust);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        return context;
    }

    @Test
    void refusesOnePartOrRangeInSoMany() throws Exception {
        server.close();
        server = DiscardServer.start(Optional.empty(), SIZE, new Conditions(Duration.ZERO, Long.MAX_VALUE, 3));
        String id = create("/bench/blob");
        for (int request = 1; request <= 6; request++) {
            int status = request % 2 == 1
                    ? get("/bench/blob", "Range", "bytes=0-9").statusCode()
                    : send(request("/bench/blob?partNumber=" + request + "&uploadId=" + id)
                                    .PUT(BodyPublishers.ofString("part")))
                            .statusCode();
            assertThat(status).isEqualTo(request % 3 == 0 ? 503 : request % 2 == 1 ? 206 : 200);
        }
        assertThat(server.traffic("/bench/blob").received()).isEqualTo(2 * "part".length());
    }
}
