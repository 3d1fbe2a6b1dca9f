package io.blobstore.gcs.fake;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a request is answered with.
 *
 * @param fields as in {@code "Name: value"}
 * @param body not to be changed
 * @param offset where the answer's body begins in the array
 */
record Answer(int status, List<String> fields, byte[] body, int offset, int length) {
    private static final String JSON = "application/json; charset=UTF-8";
    private static final String HASH = "x-goog-hash: ";
    private static final String WRONG_CRC = "AAAAAQ==";

    static Answer empty(int status) {
        return new Answer(status, List.of(), new byte[0], 0, 0);
    }

    static Answer of(int status, String contentType, byte[] body) {
        return new Answer(status, List.of("Content-Type: " + contentType), body, 0, body.length);
    }

    static Answer of(int status, String contentType, String body) {
        return of(status, contentType, body.getBytes(StandardCharsets.UTF_8));
    }

    static Answer json(JsonElement body) {
        return of(200, JSON, body.toString());
    }

    static Answer jsonError(int status, String reason, String message) {
        JsonObject detail = new JsonObject();
        detail.addProperty("domain", "global");
        detail.addProperty("reason", reason);
        detail.addProperty("message", message);
        JsonArray details = new JsonArray();
        details.add(detail);
        JsonObject error = new JsonObject();
        error.addProperty("code", status);
        error.addProperty("message", message);
        error.add("errors", details);
        JsonObject body = new JsonObject();
        body.add("error", error);
        return of(status, JSON, body.toString());
    }

    static Answer xml(Xml document) {
        return of(200, "application/xml; charset=UTF-8", document.bytes());
    }

    static Answer xmlError(int status, String code, String message) {
        byte[] body =
                new Xml("Error").text("Code", code).text("Message", message).bytes();
        return of(status, "application/xml; charset=UTF-8", body);
    }

    /** With more fields. */
    Answer with(List<String> more) {
        List<String> all = new ArrayList<>(fields);
        all.addAll(more);
        return new Answer(status, List.copyOf(all), body, offset, length);
    }

    /** With one more field. */
    Answer with(String name, Object value) {
        return with(List.of(name + ": " + value));
    }

    Answer withStatus(int other) {
        return new Answer(other, fields, body, offset, length);
    }

    /** A piece of the body. */
    Answer slice(int from, int count) {
        return new Answer(status, fields, body, offset + from, count);
    }

    /** With another CRC32C in the head, and in the object that the body describes. */
    Answer withWrongHash() {
        List<String> wrong = fields.stream()
                .map(field -> field.startsWith(HASH) ? field.replaceAll("crc32c=[^,]*", "crc32c=" + WRONG_CRC) : field)
                .toList();
        Answer changed = new Answer(status, wrong, body, offset, length);
        if (!fields.contains("Content-Type: " + JSON)) {
            return changed;
        }
        JsonObject json = JsonParser.parseString(text()).getAsJsonObject();
        JsonObject object = json.has("resource") ? json.getAsJsonObject("resource") : json;
        if (object.has("crc32c")) {
            object.addProperty("crc32c", WRONG_CRC);
        }
        byte[] bytes = json.toString().getBytes(StandardCharsets.UTF_8);
        return new Answer(status, wrong, bytes, 0, bytes.length);
    }

    /** Without fields. */
    Answer without(String... names) {
        List<String> rest = fields.stream()
                .filter(field -> Arrays.stream(names)
                        .noneMatch(name -> field.regionMatches(true, 0, name + ":", 0, name.length() + 1)))
                .toList();
        return new Answer(status, rest, body, offset, length);
    }

    /** With one bit of the body flipped. */
    Answer withFlippedBit() {
        byte[] flipped = new byte[length];
        System.arraycopy(body, offset, flipped, 0, length);
        if (length > 0) {
            flipped[length / 2] ^= 4;
        }
        return new Answer(status, fields, flipped, 0, length);
    }

    String text() {
        return new String(body, offset, length, StandardCharsets.UTF_8);
    }
}
