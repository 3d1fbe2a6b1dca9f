package io.blobstore.gcs.fake;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.blobstore.Crc32c;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
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
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests the fake's responses to invalid and unusual requests, its tokens and its faults. The store's contract over the
 * fake tests the valid requests of the store: content, listings, copies, batches and uploads.
 */
class FakeGcsTest {
    private static final String OBJECT = "/some-bucket/some/object";
    private static final String JSON_OBJECT = "/storage/v1/b/some-bucket/o/some%2Fobject";

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private FakeGcs gcs;

    @BeforeEach
    void start() throws IOException {
        gcs = FakeGcs.start().createBucket("some-bucket");
    }

    @AfterEach
    void stop() throws IOException {
        gcs.close();
    }

    private HttpResponse<byte[]> send(String method, String target, byte[] body, String... fields) {
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

    private HttpResponse<byte[]> get(String target, String... fields) {
        return send("GET", target, new byte[0], fields);
    }

    private HttpResponse<byte[]> put(String target, String text, String... fields) {
        return send("PUT", target, text.getBytes(UTF_8), fields);
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), UTF_8);
    }

    private static JsonObject json(HttpResponse<byte[]> response) {
        return JsonParser.parseString(text(response)).getAsJsonObject();
    }

    private static String reason(HttpResponse<byte[]> response) {
        JsonObject error = json(response).getAsJsonObject("error");
        assertThat(error.get("code").getAsInt()).isEqualTo(response.statusCode());
        return error.getAsJsonArray("errors")
                .get(0)
                .getAsJsonObject()
                .get("reason")
                .getAsString();
    }

    private static String tag(HttpResponse<byte[]> response, String name) {
        return text(response).replaceAll("(?s).*<" + name + ">(.*?)</" + name + ">.*", "$1");
    }

    private static String field(HttpResponse<byte[]> response, String name) {
        return String.join(",", response.headers().allValues(name));
    }

    private static String crc(byte[] content) {
        return Crc32c.of(ByteBuffer.wrap(content)).base64();
    }

    /** Sends a text, ends the stream, and reads until the connection is closed. */
    private String raw(String request) throws IOException {
        try (Socket socket = new Socket(gcs.endpoint().getHost(), gcs.endpoint().getPort())) {
            socket.getOutputStream().write(request.getBytes(UTF_8));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }

    // ---- objects in XML

    @ParameterizedTest
    @CsvSource({
        "bytes=8-, 206, 89, bytes 8-9/10",
        "bytes=8-99, 206, 89, bytes 8-9/10",
        "bytes=-3, 206, 789, bytes 7-9/10",
        "bytes=-11, 206, 0123456789, bytes 0-9/10",
        "bytes=3-2, 200, 0123456789, ''"
    })
    void rangesBeyondTheEndAreTruncatedAndInvalidOnesIgnored(
            String range, int status, String content, String contentRange) {
        put(OBJECT, "0123456789");

        HttpResponse<byte[]> response = get(OBJECT, "Range", range);

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(text(response)).isEqualTo(content);
        assertThat(field(response, "Content-Range")).isEqualTo(contentRange);
        assertThat(field(response, "x-goog-hash")).startsWith("crc32c=" + crc("0123456789".getBytes(UTF_8)));
    }

    @Test
    void missingObjectsHaveErrorCodes() {
        put(OBJECT, "0123456789");

        assertThat(tag(get("/some-bucket/other"), "Code")).isEqualTo("NoSuchKey");
        assertThat(tag(get("/other-bucket/other"), "Code")).isEqualTo("NoSuchBucket");
        assertThat(tag(get(OBJECT + "?unknown"), "Code")).isEqualTo("InvalidArgument");
        HttpResponse<byte[]> behind = get(OBJECT, "Range", "bytes=10-");
        assertThat(behind.statusCode()).isEqualTo(416);
        assertThat(tag(behind, "Code")).isEqualTo("InvalidRange");
        assertThat(tag(get(OBJECT, "Range", "bytes=1-2,4-5"), "Code")).isEqualTo("InvalidArgument");
    }

    @Test
    void conditionsAndChecksumsAreCheckedByXml() {
        HttpResponse<byte[]> first = put(OBJECT, "first", "x-goog-if-generation-match", "0");
        assertThat(first.statusCode()).isEqualTo(200);
        String generation = field(first, "x-goog-generation");

        HttpResponse<byte[]> again = put(OBJECT, "again", "x-goog-if-generation-match", "0");
        assertThat(again.statusCode()).isEqualTo(412);
        assertThat(tag(again, "Code")).isEqualTo("PreconditionFailed");
        assertThat(put(OBJECT, "wrong", "x-goog-hash", "crc32c=AAAAAA==").statusCode())
                .isEqualTo(400);
        assertThat(tag(put(OBJECT, "wrong", "x-goog-hash", "crc32c=AAAAAA=="), "Code"))
                .isEqualTo("BadDigest");
        assertThat(put(OBJECT, "right", "x-goog-if-generation-match", generation)
                        .statusCode())
                .isEqualTo(200);
        assertThat(get(OBJECT, "x-goog-if-generation-match", generation).statusCode())
                .isEqualTo(412);
    }

    // ---- multipart uploads

    private String initiate(String... fields) {
        HttpResponse<byte[]> response = send("POST", OBJECT + "?uploads", new byte[0], fields);
        assertThat(response.statusCode()).isEqualTo(200);
        return tag(response, "UploadId");
    }

    private HttpResponse<byte[]> part(String id, int number, byte[] content, String... fields) {
        return send("PUT", OBJECT + "?partNumber=" + number + "&uploadId=" + id, content, fields);
    }

    private HttpResponse<byte[]> complete(String id, List<Integer> numbers, List<String> etags) {
        StringBuilder body = new StringBuilder("<CompleteMultipartUpload>");
        for (int i = 0; i < numbers.size(); i++) {
            body.append(
                    "<Part><PartNumber>" + numbers.get(i) + "</PartNumber><ETag>" + etags.get(i) + "</ETag></Part>");
        }
        return send("POST", OBJECT + "?uploadId=" + id, (body + "</CompleteMultipartUpload>").getBytes(UTF_8));
    }

    @Test
    void completionsAreChecked() {
        String id = initiate();
        String etag = field(part(id, 1, new byte[1]), "ETag");
        String other = field(part(id, 2, new byte[2]), "ETag");

        assertThat(tag(complete(id, List.of(1, 2), List.of(etag, other)), "Code"))
                .isEqualTo("EntityTooSmall");
        assertThat(tag(complete(id, List.of(2, 1), List.of(other, etag)), "Code"))
                .isEqualTo("InvalidPartOrder");
        assertThat(tag(complete(id, List.of(1), List.of(other)), "Code")).isEqualTo("InvalidPart");
        assertThat(tag(complete(id, List.of(7), List.of(other)), "Code")).isEqualTo("InvalidPart");
        assertThat(tag(complete(id, List.of(), List.of()), "Code")).isEqualTo("MalformedXML");
        assertThat(tag(part(id, 1, new byte[1], "x-goog-hash", "crc32c=AAAAAA=="), "Code"))
                .isEqualTo("BadDigest");
        assertThat(part(id, 1, new byte[1], "x-goog-if-generation-match", "0").statusCode())
                .isEqualTo(400);
        assertThat(part(id, 10_001, new byte[1]).statusCode()).isEqualTo(400);
        assertThat(tag(part("other", 1, new byte[1]), "Code")).isEqualTo("NoSuchUpload");
        assertThat(send("DELETE", OBJECT + "?uploadId=" + id, new byte[0]).statusCode())
                .isEqualTo(204);
        assertThat(send("DELETE", OBJECT + "?uploadId=" + id, new byte[0]).statusCode())
                .isEqualTo(404);
        assertThat(gcs.names("some-bucket")).isEmpty();
    }

    @Test
    void aCompletedUploadIsGoneAndItsObjectHasNoMd5() {
        String id = initiate();
        List<String> etags = List.of(field(part(id, 1, new byte[1]), "ETag"));
        HttpResponse<byte[]> done = complete(id, List.of(1), etags);
        FakeObject object = gcs.object("some-bucket", "some/object").orElseThrow();
        assertThat(field(done, "x-goog-hash"))
                .isEqualTo("crc32c=" + object.hashes().crc32c().base64());
        assertThat(field(done, "x-goog-generation")).isEqualTo("" + object.generation());
        assertThat(tag(complete(id, List.of(1), etags), "Code")).isEqualTo("NoSuchUpload");
    }

    // ---- tokens, faults

    @Test
    void aTokenIsRequiredAndMayExpire() {
        gcs.requireToken("good");

        HttpResponse<byte[]> without = get(JSON_OBJECT);
        assertThat(without.statusCode()).isEqualTo(401);
        assertThat(field(without, "WWW-Authenticate")).doesNotContain("invalid_token");
        assertThat(get(OBJECT, "Authorization", "Bearer good").statusCode()).isEqualTo(404);
        gcs.expire("good");
        HttpResponse<byte[]> expired = get(OBJECT, "Authorization", "Bearer good");
        assertThat(expired.statusCode()).isEqualTo(401);
        assertThat(field(expired, "WWW-Authenticate")).contains("invalid_token");
    }

    @Test
    void faultsAreInjectedInOrder() {
        put(OBJECT, "0123456789");
        gcs.forgetRequests();
        gcs.fault(
                request -> request.method().equals("GET") && !FakeGcs.isJson(request),
                GcsFaults.xml(503, "SlowDown", "slow down", "Retry-After: 1"),
                GcsFaults.xml(200, "InternalError", "no"),
                GcsFaults.wrongHash(),
                ScriptedFault.disconnect(),
                ScriptedFault.cutResponse());
        gcs.fault(FakeGcs::isJson, GcsFaults.json(429, "rateLimitExceeded", "slow down"), GcsFaults.wrongHash());

        HttpResponse<byte[]> slow = get(OBJECT);
        assertThat(slow.statusCode()).isEqualTo(503);
        assertThat(field(slow, "Retry-After")).isEqualTo("1");
        assertThat(tag(slow, "Code")).isEqualTo("SlowDown");
        HttpResponse<byte[]> success = get(OBJECT);
        assertThat(success.statusCode()).isEqualTo(200);
        assertThat(tag(success, "Code")).isEqualTo("InternalError");
        assertThat(field(get(OBJECT), "x-goog-hash")).startsWith("crc32c=AAAAAQ==");
        assertThat(reason(get(JSON_OBJECT))).isEqualTo("rateLimitExceeded");
        assertThat(json(get(JSON_OBJECT)).get("crc32c").getAsString()).isEqualTo("AAAAAQ==");
        assertThat(gcs.faultsLeft()).isEqualTo(2);
        assertThat(gcs.requests()).extracting(ScriptedExchange::status).containsExactly(503, 200, 200, 429, 200);
    }

    @Test
    void responsesAreLostOrTruncated() throws IOException {
        String put = "PUT " + OBJECT + " HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789";
        gcs.fault(request -> request.method().equals("PUT"), ScriptedFault.disconnect(), ScriptedFault.loseResponse());
        gcs.fault(request -> request.method().equals("GET"), ScriptedFault.cutResponse());

        assertThat(raw(put)).isEmpty();
        assertThat(gcs.names("some-bucket")).isEmpty();
        assertThat(raw(put)).isEmpty();
        assertThat(gcs.names("some-bucket")).containsExactly("some/object");
        assertThat(raw("GET " + OBJECT + " HTTP/1.1\r\nHost: x\r\n\r\n"))
                .contains("Content-Length: 10")
                .endsWith("\r\n\r\n01234");
        assertThat(gcs.requests()).extracting(ScriptedExchange::status).containsExactly(0, 0, 200);
        assertThat(gcs.requests().get(1).bodyReceived()).isEqualTo(10);
    }

    @Test
    void aTruncatedBodyIsNotStored() throws IOException {
        assertThat(raw("PUT " + OBJECT + " HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01234"))
                .isEmpty();

        assertThat(gcs.names("some-bucket")).isEmpty();
        assertThat(gcs.requests()).extracting(ScriptedExchange::bodyReceived).containsExactly(5L);
    }

    // ---- the JSON API

    private HttpResponse<byte[]> insert(String query, String metadata, byte[] content) {
        String body = "--b\r\nContent-Type: application/json\r\n\r\n" + metadata
                + "\r\n--b\r\nContent-Type: text/y\r\n\r\n" + new String(content, UTF_8) + "\r\n--b--\r\n";
        String target = "/upload/storage/v1/b/some-bucket/o?uploadType=multipart" + query;
        return send("POST", target, body.getBytes(UTF_8), "Content-Type", "multipart/related; boundary=\"b\"");
    }

    @Test
    void insertsAreChecked() {
        byte[] content = "\r\n--c--\r\n".getBytes(UTF_8); // like the delimiter of another boundary
        assertThat(text(insert("", "{\"name\":\"a\",\"crc32c\":\"AAAAAA==\"}", content)))
                .contains("doesn't match calculated CRC32C");
        assertThat(reason(insert("", "{}", content))).isEqualTo("required");
        assertThat(reason(insert("&unknown=1", "{\"name\":\"a\"}", content))).isEqualTo("invalid");
        assertThat(insert("&ifGenerationMatch=0", "{\"name\":\"a\"}", content).statusCode())
                .isEqualTo(200);
        assertThat(gcs.object("some-bucket", "a").orElseThrow().content()).isEqualTo(content);
        HttpResponse<byte[]> again = insert("&ifGenerationMatch=0", "{\"name\":\"a\"}", content);
        assertThat(again.statusCode()).isEqualTo(412);
        assertThat(reason(again)).isEqualTo("conditionNotMet");
        assertThat(reason(get(JSON_OBJECT))).isEqualTo("notFound");
        assertThat(text(get("/storage/v1/b/none/o"))).contains("The specified bucket does not exist.");
        assertThat(text(get(JSON_OBJECT))).contains("No such object: some-bucket/some/object");
        assertThat(reason(get(JSON_OBJECT + "?alt=media"))).isEqualTo("invalid");
        assertThat(reason(get("/storage/v1/projects"))).isEqualTo("notFound");
    }

    @Test
    void listingsGoPageByPageInTheOrderOfBytes() {
        for (String name : List.of("a/", "a/1", "a/2", "b", "c/1", "c/d/1", "%EF%BF%BD", "%F0%90%80%80")) {
            put("/some-bucket/" + name, "x");
        }
        StringBuilder seen = new StringBuilder();
        String token = "";
        do {
            JsonObject page = json(get("/storage/v1/b/some-bucket/o?delimiter=%2F&maxResults=2&pageToken=" + token));
            seen.append(page.has("prefixes") ? page.get("prefixes") : "");
            seen.append(page.has("items") ? names(page) : "").append(' ');
            token = page.has("nextPageToken") ? page.get("nextPageToken").getAsString() : "";
        } while (!token.isEmpty());

        assertThat(seen).hasToString("[\"a/\"][b] [\"c/\"][\uFFFD] [\uD800\uDC00] ");
        assertThat(names(json(get("/storage/v1/b/some-bucket/o?prefix=c/&startOffset=c/d"))))
                .hasToString("[c/d/1]");
        assertThat(reason(get("/storage/v1/b/some-bucket/o?versions=true"))).isEqualTo("invalid");
        assertThat(reason(get("/storage/v1/b/other/o"))).isEqualTo("notFound");
    }

    private static List<String> names(JsonObject page) {
        return page.getAsJsonArray("items").asList().stream()
                .map(item -> item.getAsJsonObject().get("name").getAsString())
                .toList();
    }

    @Test
    void aRewriteGoesOnUntilItIsDone() {
        put(OBJECT, "0123456789", "Content-Type", "text/x", "x-goog-meta-a", "b");
        gcs.rewriteInStepsOf(4);
        String target = JSON_OBJECT + "/rewriteTo/b/some-bucket/o/copy";

        JsonObject first = json(send("POST", target, new byte[0]));
        String more = target + "?rewriteToken=" + first.get("rewriteToken").getAsString();
        JsonObject second = json(send("POST", more, new byte[0]));
        assertThat(gcs.names("some-bucket")).containsExactly("some/object");
        String last = target + "?rewriteToken=" + second.get("rewriteToken").getAsString();
        JsonObject third = json(send("POST", last, new byte[0]));

        assertThat(first.get("done").getAsBoolean()).isFalse();
        assertThat(second.get("totalBytesRewritten").getAsString()).isEqualTo("8");
        assertThat(third.get("done").getAsBoolean()).isTrue();
        FakeObject copy = gcs.object("some-bucket", "copy").orElseThrow();
        assertThat(copy.attributes().contentType()).contains("text/x");
        assertThat(copy.attributes().metadata()).containsEntry("a", "b");
        assertThat(reason(send("POST", target + "?ifGenerationMatch=0", new byte[0])))
                .isEqualTo("conditionNotMet");
        assertThat(reason(send("POST", target + "?ifSourceGenerationMatch=1", new byte[0])))
                .isEqualTo("conditionNotMet");
    }

    @Test
    void metadataInARewriteReplaces() {
        put(OBJECT, "0123456789", "Content-Type", "text/x", "x-goog-meta-a", "b");

        HttpResponse<byte[]> done = send(
                "POST",
                JSON_OBJECT + "/rewriteTo/b/some-bucket/o/copy",
                "{\"name\":\"copy\",\"metadata\":{\"c\":\"d\"}}".getBytes(UTF_8),
                "Content-Type",
                "application/json");

        assertThat(done.statusCode()).isEqualTo(200);
        FakeObject copy = gcs.object("some-bucket", "copy").orElseThrow();
        assertThat(copy.attributes().contentType()).isEmpty();
        assertThat(copy.attributes().metadata()).containsOnlyKeys("c");
    }

    // ---- customer keys

    private static String[] keyFields(byte fill) {
        byte[] key = new byte[32];
        Arrays.fill(key, fill);
        String prefix = CustomerKey.OBJECT;
        String base64 = Base64.getEncoder().encodeToString(key);
        String sha256 = Hashes.base64("SHA-256", key);
        return new String[] {prefix + "algorithm", "AES256", prefix + "key", base64, prefix + "key-sha256", sha256};
    }

    @Test
    void anEncryptedObjectIsReadWithItsKeyOnly() {
        put(OBJECT, "0123456789", keyFields((byte) 1));
        assertThat(text(get(OBJECT, keyFields((byte) 1)))).isEqualTo("0123456789");
        assertThat(tag(get(OBJECT), "Code")).isEqualTo("ResourceIsEncryptedWithCustomerEncryptionKey");
        assertThat(tag(get(OBJECT, keyFields((byte) 2)), "Code")).isEqualTo("CustomerEncryptionKeyIsIncorrect");
        assertThat(reason(get(JSON_OBJECT, keyFields((byte) 2)))).isEqualTo("customerEncryptionKeyIsIncorrect");
        assertThat(json(get(JSON_OBJECT)).has("crc32c")).isFalse();
        assertThat(json(get(JSON_OBJECT, keyFields((byte) 1))).has("crc32c")).isTrue();
    }
}
