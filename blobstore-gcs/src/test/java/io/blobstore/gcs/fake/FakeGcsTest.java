package io.blobstore.gcs.fake;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.Crc32c;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The fake's XML API, tokens and faults. */
class FakeGcsTest extends FakeGcsTestBase {
    private static final int MIN_PART = 5 << 20;

    // ---- objects in XML

    @Test
    void contentIsReadInWholeAndInRanges() {
        put(OBJECT, "0123456789", "Content-Type", "text/x", "x-goog-meta-Some", "value");
        FakeObject object = gcs.object("some-bucket", "some/object").orElseThrow();

        HttpResponse<byte[]> whole = send("GET", OBJECT);
        assertThat(whole.statusCode()).isEqualTo(200);
        assertThat(text(whole)).isEqualTo("0123456789");
        assertThat(field(whole, "x-goog-generation")).isEqualTo(Long.toString(object.generation()));
        assertThat(field(whole, "x-goog-hash"))
                .startsWith("crc32c=" + object.hashes().crc32c().base64() + ",md5=");
        assertThat(field(whole, "x-goog-stored-content-length")).isEqualTo("10");
        assertThat(field(whole, "Content-Type")).isEqualTo("text/x");
        assertThat(object.attributes().metadata()).containsEntry("some", "value");
        HttpResponse<byte[]> head = send("HEAD", OBJECT);
        assertThat(field(head, "Content-Length")).isEqualTo("10");
        assertThat(head.body()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "bytes=2-3, 206, 23, bytes 2-3/10",
        "bytes=8-, 206, 89, bytes 8-9/10",
        "bytes=-3, 206, 789, bytes 7-9/10",
        "bytes=8-99, 206, 89, bytes 8-9/10",
        "bytes=3-2, 200, 0123456789, ''",
        "bytes=0-1;3-4, 200, 0123456789, ''"
    })
    void ranges(String range, int status, String content, String contentRange) {
        put(OBJECT, "0123456789");

        HttpResponse<byte[]> response = send("GET", OBJECT, new byte[0], "Range", range.replace(';', ','));

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(text(response)).isEqualTo(content);
        assertThat(field(response, "Content-Range")).isEqualTo(contentRange);
        assertThat(field(response, "x-goog-hash")).startsWith("crc32c=" + crc("0123456789".getBytes(UTF_8)));
    }

    @Test
    void missingObjectsHaveErrorCodes() {
        put(OBJECT, "0123456789");

        assertThat(tag(send("GET", "/some-bucket/other"), "Code")).isEqualTo("NoSuchKey");
        assertThat(tag(send("GET", "/other-bucket/other"), "Code")).isEqualTo("NoSuchBucket");
        assertThat(tag(send("GET", OBJECT + "?generation=1"), "Code")).isEqualTo("NoSuchKey");
        assertThat(tag(send("GET", OBJECT + "?unknown"), "Code")).isEqualTo("InvalidArgument");
        HttpResponse<byte[]> behind = send("GET", OBJECT, new byte[0], "Range", "bytes=10-");
        assertThat(behind.statusCode()).isEqualTo(416);
        assertThat(tag(behind, "Code")).isEqualTo("InvalidRange");
    }

    @Test
    void conditionsAndChecksumsOfXml() {
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
        assertThat(send("GET", OBJECT, new byte[0], "x-goog-if-generation-match", generation)
                        .statusCode())
                .isEqualTo(412);
        assertThat(send("DELETE", OBJECT).statusCode()).isEqualTo(204);
        assertThat(send("DELETE", OBJECT).statusCode()).isEqualTo(404);
    }

    @Test
    void aNameIsNotNormalised() {
        put("/some-bucket//a/./%2e%2e/b%20%2B+%C3%A4/", "x");

        assertThat(gcs.names("some-bucket")).containsExactly("/a/./../b ++ä/");
    }

    @Test
    void damageIsNotReported() {
        put(OBJECT, "0123456789");

        assertThat(gcs.damage("some-bucket", "some/object")).isTrue();
        assertThat(gcs.damage("some-bucket", "other")).isFalse();

        HttpResponse<byte[]> response = send("GET", OBJECT);
        assertThat(text(response)).isNotEqualTo("0123456789").hasSize(10);
        assertThat(field(response, "x-goog-hash")).contains(crc("0123456789".getBytes(UTF_8)));
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
    void aMultipartUploadBecomesOneObject() {
        byte[] large = new byte[MIN_PART];
        new SplittableRandom(1).nextBytes(large);
        byte[] last = {1, 2, 3};
        String id = initiate("Content-Type", "text/x", "x-goog-meta-a", "b", "x-goog-storage-class", "NEARLINE");
        assertThat(gcs.uploads("some-bucket")).containsExactly(id);
        HttpResponse<byte[]> first = part(id, 1, large, "x-goog-hash", "crc32c=" + crc(large));
        HttpResponse<byte[]> second = part(id, 3, last);
        assertThat(field(first, "x-goog-hash")).contains("crc32c=" + crc(large));

        HttpResponse<byte[]> done = complete(id, List.of(1, 3), List.of(field(first, "ETag"), field(second, "ETag")));

        FakeObject object = gcs.object("some-bucket", "some/object").orElseThrow();
        assertThat(done.statusCode()).isEqualTo(200);
        assertThat(text(done)).contains("<CompleteMultipartUploadResult");
        assertThat(field(done, "x-goog-hash"))
                .isEqualTo("crc32c=" + object.hashes().crc32c().base64());
        assertThat(field(done, "x-goog-generation")).isEqualTo("" + object.generation());
        assertThat(object.content()).hasSize(MIN_PART + 3).startsWith(large).endsWith(last);
        assertThat(object.hashes().crc32c()).isEqualTo(Crc32c.of(ByteBuffer.wrap(object.content())));
        assertThat(object.hashes().md5()).isEmpty();
        assertThat(object.attributes().storageClass()).isEqualTo("NEARLINE");
        assertThat(object.attributes().metadata()).containsEntry("a", "b");
        assertThat(gcs.uploads("some-bucket")).isEmpty();
        assertThat(tag(complete(id, List.of(1), List.of("x")), "Code")).isEqualTo("NoSuchUpload");
    }

    @Test
    void aCompletionMayOmitHashAndGeneration() {
        gcs.omitHashOfCompletion(true).omitGenerationOfCompletion(true);
        String id = initiate();
        HttpResponse<byte[]> part = part(id, 1, new byte[1]);

        HttpResponse<byte[]> done = complete(id, List.of(1), List.of(field(part, "ETag")));

        assertThat(done.headers().map()).doesNotContainKeys("x-goog-hash", "x-goog-generation");
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
        assertThat(send("DELETE", OBJECT + "?uploadId=" + id).statusCode()).isEqualTo(204);
        assertThat(send("DELETE", OBJECT + "?uploadId=" + id).statusCode()).isEqualTo(404);
        assertThat(gcs.names("some-bucket")).isEmpty();
    }

    // ---- tokens, faults

    @Test
    void aTokenIsRequiredAndMayExpire() {
        gcs.requireToken("good");

        HttpResponse<byte[]> without = send("GET", JSON_OBJECT);
        assertThat(without.statusCode()).isEqualTo(401);
        assertThat(field(without, "WWW-Authenticate")).doesNotContain("invalid_token");
        assertThat(send("GET", OBJECT, new byte[0], "Authorization", "Bearer good")
                        .statusCode())
                .isEqualTo(404);
        gcs.expire("good");
        HttpResponse<byte[]> expired = send("GET", OBJECT, new byte[0], "Authorization", "Bearer good");
        assertThat(expired.statusCode()).isEqualTo(401);
        assertThat(field(expired, "WWW-Authenticate")).contains("invalid_token");
    }

    @Test
    void faultsHappenInTheirOrder() {
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

        HttpResponse<byte[]> slow = send("GET", OBJECT);
        assertThat(slow.statusCode()).isEqualTo(503);
        assertThat(field(slow, "Retry-After")).isEqualTo("1");
        assertThat(tag(slow, "Code")).isEqualTo("SlowDown");
        HttpResponse<byte[]> success = send("GET", OBJECT);
        assertThat(success.statusCode()).isEqualTo(200);
        assertThat(tag(success, "Code")).isEqualTo("InternalError");
        assertThat(field(send("GET", OBJECT), "x-goog-hash")).startsWith("crc32c=AAAAAQ==");
        assertThat(reason(send("GET", JSON_OBJECT))).isEqualTo("rateLimitExceeded");
        assertThat(json(send("GET", JSON_OBJECT)).get("crc32c").getAsString()).isEqualTo("AAAAAQ==");
        assertThat(gcs.faultsLeft()).isEqualTo(2);
        assertThat(gcs.requests()).extracting(ScriptedExchange::status).containsExactly(503, 200, 200, 429, 200);
    }

    @Test
    void aClosedFakeRefusesConnections() throws IOException {
        gcs.close();

        assertThat(catchThrowable(() -> send("GET", OBJECT))).hasCauseInstanceOf(ConnectException.class);
    }
}
