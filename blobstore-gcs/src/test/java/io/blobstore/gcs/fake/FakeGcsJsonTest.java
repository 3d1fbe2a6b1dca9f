package io.blobstore.gcs.fake;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The fake's JSON API. */
class FakeGcsJsonTest extends FakeGcsTestBase {
    private HttpResponse<byte[]> insert(String query, String metadata, byte[] content, String... more) {
        byte[] head = ("--b\r\nContent-Type: application/json\r\n\r\n" + metadata
                        + "\r\n--b\r\nContent-Type: text/y\r\n\r\n")
                .getBytes(UTF_8);
        byte[] end = "\r\n--b--\r\n".getBytes(UTF_8);
        byte[] body = ByteBuffer.allocate(head.length + content.length + end.length)
                .put(head)
                .put(content)
                .put(end)
                .array();
        String[] fields = new String[more.length + 2];
        fields[0] = "Content-Type";
        fields[1] = "multipart/related; boundary=\"b\"";
        System.arraycopy(more, 0, fields, 2, more.length);
        return send("POST", "/upload/storage/v1/b/some-bucket/o?uploadType=multipart" + query, body, fields);
    }

    @Test
    void anObjectOfManyMebibytesIsInsertedByteForByte() {
        byte[] content = new byte[9 << 20];
        new SplittableRandom(2).nextBytes(content);
        System.arraycopy("\r\n--c--\r\n".getBytes(UTF_8), 0, content, 100, 9);

        HttpResponse<byte[]> response =
                insert("", "{\"name\":\"some/object\",\"crc32c\":\"" + crc(content) + "\"}", content);

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(json(response).get("size").getAsString()).isEqualTo("" + content.length);
        assertThat(json(response).has("md5Hash")).isTrue();
        FakeObject object = gcs.object("some-bucket", "some/object").orElseThrow();
        assertThat(object.content()).isEqualTo(content);
        assertThat(object.attributes().contentType()).contains("text/y");
        assertThat(send("GET", JSON_OBJECT + "?alt=media").body()).isEqualTo(content);
        assertThat(json(send("GET", JSON_OBJECT)).get("generation").getAsString())
                .isEqualTo("" + object.generation());
    }

    @Test
    void insertsAreChecked() {
        byte[] content = {1, 2};
        assertThat(text(insert("", "{\"name\":\"a\",\"crc32c\":\"AAAAAA==\"}", content)))
                .contains("doesn't match calculated CRC32C");
        assertThat(reason(insert("", "{}", content))).isEqualTo("required");
        assertThat(reason(insert("&unknown=1", "{\"name\":\"a\"}", content))).isEqualTo("invalid");
        assertThat(insert("&ifGenerationMatch=0&name=a", "{}", content).statusCode())
                .isEqualTo(200);
        HttpResponse<byte[]> again = insert("&ifGenerationMatch=0&name=a", "{}", content);
        assertThat(again.statusCode()).isEqualTo(412);
        assertThat(reason(again)).isEqualTo("conditionNotMet");
        assertThat(reason(send("GET", JSON_OBJECT))).isEqualTo("notFound");
        assertThat(text(send("GET", "/storage/v1/b/none"))).contains("The specified bucket does not exist.");
        assertThat(text(send("GET", JSON_OBJECT + "?alt=media"))).isEqualTo("No such object: some-bucket/some/object");
        assertThat(reason(send("GET", "/storage/v1/projects"))).isEqualTo("notFound");
    }

    @Test
    void listingsGoPageByPageInTheOrderOfBytes() {
        for (String name : List.of("a/", "a/1", "a/2", "b", "c/1", "c/d/1", "%EF%BF%BD", "%F0%90%80%80")) {
            put("/some-bucket/" + name, "x");
        }
        StringBuilder seen = new StringBuilder();
        String token = "";
        do {
            JsonObject page =
                    json(send("GET", "/storage/v1/b/some-bucket/o?delimiter=%2F&maxResults=2&pageToken=" + token));
            seen.append(page.has("prefixes") ? page.get("prefixes") : "");
            seen.append(page.has("items") ? names(page) : "").append(' ');
            token = page.has("nextPageToken") ? page.get("nextPageToken").getAsString() : "";
        } while (!token.isEmpty());

        assertThat(seen).hasToString("[\"a/\"][b] [\"c/\"][\uFFFD] [\uD800\uDC00] ");
        assertThat(names(json(send("GET", "/storage/v1/b/some-bucket/o?prefix=c/&startOffset=c/d"))))
                .hasToString("[c/d/1]");
        assertThat(names(json(
                        send("GET", "/storage/v1/b/some-bucket/o?prefix=a&delimiter=/&includeTrailingDelimiter=true"))))
                .hasToString("[a/]");
        assertThat(reason(send("GET", "/storage/v1/b/some-bucket/o?versions=true")))
                .isEqualTo("invalid");
        assertThat(reason(send("GET", "/storage/v1/b/other/o"))).isEqualTo("notFound");
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

        JsonObject first = json(send("POST", target));
        String more = target + "?rewriteToken=" + first.get("rewriteToken").getAsString();
        JsonObject second = json(send("POST", more));
        assertThat(gcs.names("some-bucket")).containsExactly("some/object");
        JsonObject third = json(send(
                "POST", target + "?rewriteToken=" + second.get("rewriteToken").getAsString()));

        assertThat(first.get("done").getAsBoolean()).isFalse();
        assertThat(second.get("totalBytesRewritten").getAsString()).isEqualTo("8");
        assertThat(third.get("done").getAsBoolean()).isTrue();
        FakeObject copy = gcs.object("some-bucket", "copy").orElseThrow();
        assertThat(copy.attributes().contentType()).contains("text/x");
        assertThat(copy.attributes().metadata()).containsEntry("a", "b");
        assertThat(reason(send("POST", target + "?ifGenerationMatch=0"))).isEqualTo("conditionNotMet");
        assertThat(reason(send("POST", target + "?ifSourceGenerationMatch=1"))).isEqualTo("conditionNotMet");
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
}
