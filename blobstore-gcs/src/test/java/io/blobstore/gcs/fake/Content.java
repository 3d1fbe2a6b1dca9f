package io.blobstore.gcs.fake;

import io.blobstore.http.ScriptedResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/** Creates responses with an object's content, or with a range of it. */
final class Content {
    private static final Pattern RANGE = Pattern.compile("bytes=([0-9]{1,19})-([0-9]{0,19})");
    private static final Pattern SUFFIX = Pattern.compile("bytes=-([0-9]{1,19})");

    private Content() {}

    static ScriptedResponse of(FakeObject object, Request request) {
        CustomerKey.require(object.attributes().keySha256(), CustomerKey.sha256(request, CustomerKey.OBJECT));
        List<String> fields = describe(object);
        DateTimeFormatter time = DateTimeFormatter.RFC_1123_DATE_TIME;
        fields.add("Last-Modified: " + time.format(object.updated().atOffset(ZoneOffset.UTC)));
        fields.add("Content-Type: " + object.attributes().contentType().orElse("application/octet-stream"));
        fields.add("Accept-Ranges: bytes");
        object.attributes().metadata().forEach((name, value) -> fields.add("x-goog-meta-" + name + ": " + value));
        Map<String, String> headers = new TreeMap<>(Map.of("Cache-Control", "private, max-age=0"));
        headers.putAll(object.attributes().contentHeaders());
        boolean gzip = "gzip".equals(headers.get("Content-Encoding"));
        if (gzip && !request.header("Accept-Encoding").orElse("").contains("gzip")) {
            return decoded(new ScriptedResponse(200, fields, object.content()));
        }
        headers.forEach((name, value) -> fields.add(name + ": " + value));
        ScriptedResponse whole = new ScriptedResponse(200, fields, object.content());
        if (request.header("Range").isEmpty()) {
            return whole;
        }
        Matcher suffix = SUFFIX.matcher(request.header("Range").orElseThrow());
        if (suffix.matches()) {
            long first = object.content().length - Math.min(object.content().length, Long.parseLong(suffix.group(1)));
            return range(whole, Long.toString(first), "");
        }
        Matcher range = RANGE.matcher(request.header("Range").orElseThrow());
        ErrorResponse.require(range.matches(), "This fake does not know such a range.");
        return range(whole, range.group(1), range.group(2));
    }

    /** Decodes content that is stored with the encoding gzip: it has neither a length nor ranges then. */
    private static ScriptedResponse decoded(ScriptedResponse stored) {
        try (GZIPInputStream gzip = new GZIPInputStream(new ByteArrayInputStream(stored.body()))) {
            ByteArrayOutputStream chunked = new ByteArrayOutputStream();
            byte[] content = gzip.readAllBytes();
            chunked.writeBytes(Request.utf8(Integer.toHexString(content.length) + "\r\n"));
            chunked.writeBytes(content);
            chunked.writeBytes(Request.utf8("\r\n0\r\n\r\n"));
            return stored.with("Transfer-Encoding", "chunked").withBody(chunked.toByteArray());
        } catch (IOException e) {
            return stored; // it is not gzip
        }
    }

    /** Returns the header fields of all responses for an object. */
    static List<String> describe(FakeObject object) {
        List<String> fields = new ArrayList<>();
        fields.add("ETag: " + object.etag());
        fields.add("x-goog-generation: " + object.generation());
        fields.add("x-goog-metageneration: 1");
        fields.add("x-goog-hash: crc32c=" + object.hashes().crc32c().base64());
        object.hashes().md5().ifPresent(md5 -> fields.add("x-goog-hash: md5=" + md5));
        fields.add("x-goog-stored-content-length: " + object.content().length);
        fields.add("x-goog-stored-content-encoding: "
                + object.attributes().contentHeaders().getOrDefault("Content-Encoding", "identity"));
        fields.add("x-goog-storage-class: " + object.attributes().storageClass());
        object.attributes()
                .kmsKeyName()
                .ifPresent(name -> fields.add("x-goog-encryption-kms-key-name: " + name + "/cryptoKeyVersions/1"));
        object.attributes().keySha256().ifPresent(sha256 -> {
            fields.add("x-goog-encryption-algorithm: AES256");
            fields.add("x-goog-encryption-key-sha256: " + sha256);
        });
        return fields;
    }

    private static ScriptedResponse range(ScriptedResponse whole, String first, String last) {
        int size = whole.body().length;
        long from = Long.parseLong(first);
        long to = last.isEmpty() ? size - 1 : Math.min(Long.parseLong(last), size - 1);
        if (!last.isEmpty() && Long.parseLong(last) < from) {
            return whole; // no valid range (RFC 9110, section 14.1.1)
        }
        if (from >= size) {
            String message = "The requested range cannot be satisfied.";
            String contentRange = "Content-Range: bytes */" + size;
            throw new ErrorResponse(
                    416, "InvalidRange", "requestedRangeNotSatisfiable", message, message, contentRange);
        }
        byte[] piece = Arrays.copyOfRange(whole.body(), (int) from, (int) to + 1);
        return new ScriptedResponse(206, whole.fields(), piece)
                .with("Content-Range", "bytes " + from + "-" + to + "/" + size);
    }
}
