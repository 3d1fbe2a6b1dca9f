package io.blobstore.gcs.fake;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/** Content, or a range of it, with all that the header says of the object. */
final class ContentResponse {
    private static final Pattern RANGE = Pattern.compile("bytes=([0-9]{0,18})-([0-9]{0,18})");

    private ContentResponse() {}

    /** The answer to a GET or a HEAD. */
    static Answer of(FakeObject object, Request request) throws Refusal {
        CustomerKey.requireFor(object, request, CustomerKey.OBJECT);
        List<String> fields = new ArrayList<>(List.of("Accept-Ranges: bytes", "Cache-Control: private, max-age=0"));
        fields.add("Last-Modified: "
                + DateTimeFormatter.RFC_1123_DATE_TIME.format(object.updated().atOffset(ZoneOffset.UTC)));
        fields.add("Content-Type: " + object.contentType().orElse("application/octet-stream"));
        fields.addAll(describe(object));
        object.metadata().forEach((name, value) -> fields.add("x-goog-meta-" + name + ": " + value));
        byte[] content = object.content();
        if (object.contentEncoding().filter("gzip"::equals).isPresent()) {
            if (request.header("Accept-Encoding")
                    .filter(value -> value.contains("gzip"))
                    .isEmpty()) {
                byte[] plain = gunzip(content);
                fields.add("Warning: 214 UploadServer gunzipped");
                return new Answer(200, fields, plain, 0, plain.length);
            }
            fields.add("Content-Encoding: gzip");
        }
        Answer whole = new Answer(200, fields, content, 0, content.length);
        Optional<Matcher> range = request.header("Range").map(RANGE::matcher).filter(Matcher::matches);
        return range.isPresent()
                ? range(whole, range.get().group(1), range.get().group(2))
                : whole;
    }

    /** What every answer says that is about an object. */
    static List<String> describe(FakeObject object) {
        List<String> fields = new ArrayList<>();
        fields.add("ETag: " + etag(object));
        fields.add("x-goog-generation: " + object.generation());
        fields.add("x-goog-metageneration: 1");
        fields.add("x-goog-hash: crc32c=" + object.crc32c().base64());
        object.md5().ifPresent(md5 -> fields.add("x-goog-hash: md5=" + md5));
        fields.add("x-goog-stored-content-length: " + object.size());
        fields.add("x-goog-stored-content-encoding: " + object.contentEncoding().orElse("identity"));
        fields.add("x-goog-storage-class: " + object.storageClass());
        object.kmsKeyName()
                .ifPresent(name -> fields.add("x-goog-encryption-kms-key-name: " + name + "/cryptoKeyVersions/1"));
        object.customerKeySha256().ifPresent(sha256 -> {
            fields.add("x-goog-encryption-algorithm: AES256");
            fields.add("x-goog-encryption-key-sha256: " + sha256);
        });
        return fields;
    }

    static String etag(FakeObject object) {
        return object.md5()
                .map(md5 -> "\"" + Hashes.hex(Base64.getDecoder().decode(md5)) + "\"")
                .orElse("\"-" + Resources.etag(object) + "\"");
    }

    private static Answer range(Answer whole, String first, String last) throws Refusal {
        long size = whole.length();
        if (first.isEmpty() && last.isEmpty()) {
            return whole;
        }
        long from = first.isEmpty() ? Math.max(0, size - Long.parseLong(last)) : Long.parseLong(first);
        long to = first.isEmpty() || last.isEmpty() ? size - 1 : Math.min(Long.parseLong(last), size - 1);
        if (!first.isEmpty() && !last.isEmpty() && Long.parseLong(last) < from) {
            return whole; // no range at all (RFC 9110, section 14.1.1)
        }
        if (from >= size) {
            throw Refusal.invalidRange(size);
        }
        return whole.slice((int) from, (int) (to - from + 1))
                .withStatus(206)
                .with("Content-Range", "bytes " + from + "-" + to + "/" + size);
    }

    private static byte[] gunzip(byte[] content) {
        try (GZIPInputStream input = new GZIPInputStream(new ByteArrayInputStream(content))) {
            return input.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("stored as gzip, and it is none", e);
        }
    }
}
