package io.blobstore.gcs.fake;

import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Uploads of the JSON API in one request. */
final class JsonUploads {
    private static final Set<String> PARAMETERS = Set.of(
            "uploadType",
            "name",
            "ifGenerationMatch",
            "kmsKeyName",
            "alt",
            "fields",
            "projection",
            "prettyPrint",
            "userProject");
    private static final Pattern BOUNDARY =
            Pattern.compile("(?i)multipart/related;.*?boundary=(\"([^\"]+)\"|[^;\\s]+).*");

    private final FakeObjects objects;

    JsonUploads(FakeObjects objects) {
        this.objects = objects;
    }

    /**
     * What is to be stored.
     *
     * @param contentType of the content, if the metadata says none
     */
    private record Upload(JsonObject metadata, Optional<String> contentType, byte[] content) {}

    Answer answer(String bucket, Request request) throws Refusal {
        request.allow(PARAMETERS);
        if (request.header("Content-Length").isEmpty()
                && request.header("Transfer-Encoding").isEmpty()) {
            throw Refusal.lengthRequired();
        }
        objects.requireBucket(bucket);
        Upload upload = switch (request.parameter("uploadType").orElse("")) {
            case "multipart" -> multipart(request);
            case "media" -> new Upload(new JsonObject(), request.header("Content-Type"), request.content());
            default ->
                throw Refusal.invalid("This fake knows the upload types multipart and media only, not: "
                        + request.parameter("uploadType").orElse("none"));
        };
        return store(bucket, upload, request);
    }

    private Answer store(String bucket, Upload upload, Request request) throws Refusal {
        JsonObject metadata = upload.metadata();
        Optional<String> inQuery = request.parameter("name");
        Optional<String> inMetadata = Resources.text(metadata, "name");
        if (inQuery.isPresent() && inMetadata.isPresent() && !inQuery.equals(inMetadata)) {
            throw Refusal.invalid("Value '" + inMetadata.get() + "' in content does not agree with value '"
                    + inQuery.get() + "'. This can happen when a value set through a parameter is inconsistent with"
                    + " a value set in the request.");
        }
        if (Resources.text(metadata, "bucket")
                .filter(name -> !name.equals(bucket))
                .isPresent()) {
            throw Refusal.invalid("The bucket in the metadata is another than in the path.");
        }
        String name = (inQuery.isPresent() ? inQuery : inMetadata)
                .orElseThrow(() -> Refusal.required("Required parameter: name"));
        Hashes hashes = Hashes.of(upload.content());
        Hashes.requireEqual(
                "CRC32C", Resources.text(metadata, "crc32c"), hashes.crc32c().base64());
        Hashes.requireEqual("MD5 hash", Resources.text(metadata, "md5Hash"), hashes.md5());
        Attributes attributes = Resources.attributes(
                metadata,
                upload.contentType(),
                request.parameter("kmsKeyName"),
                CustomerKey.of(request, CustomerKey.OBJECT));
        FakeObject stored = objects.put(
                bucket, name, upload.content(), hashes, true, attributes, request.number("ifGenerationMatch"));
        return Answer.json(Resources.object(stored, true)).with("ETag", Resources.etag(stored));
    }

    // ---- multipart/related

    private static Upload multipart(Request request) throws Refusal {
        String type = request.header("Content-Type").orElse("");
        Matcher matcher = BOUNDARY.matcher(type);
        if (!matcher.matches()) {
            throw Refusal.badRequest("BadContent", "Unsupported content with type: " + type);
        }
        String boundary = matcher.group(2) != null ? matcher.group(2) : matcher.group(1);
        byte[] content = request.content();
        // A character for each byte: what a JVM can search quickly.
        String body = new String(content, StandardCharsets.ISO_8859_1);
        String delimiter = "\r\n--" + boundary;
        String first = "--" + boundary;
        if (!body.startsWith(first)) {
            throw malformed("the body does not begin with its boundary");
        }
        int metadataHead = lineEnd(body, first.length());
        int metadataStart = headEnd(body, metadataHead);
        int metadataEnd = indexOf(body, delimiter, metadataStart);
        if (!field(body, metadataHead, metadataStart).orElse("").startsWith("application/json")) {
            throw malformed("the first part is no application/json");
        }
        int contentHead = lineEnd(body, metadataEnd + delimiter.length());
        int contentStart = headEnd(body, contentHead);
        int contentEnd = indexOf(body, delimiter, contentStart);
        if (!body.startsWith("--", contentEnd + delimiter.length())) {
            throw malformed("there is a third part");
        }
        return new Upload(
                Resources.parse(Arrays.copyOfRange(content, metadataStart, metadataEnd)),
                field(body, contentHead, contentStart),
                Arrays.copyOfRange(content, contentStart, contentEnd));
    }

    /** Behind the CRLF at a place. */
    private static int lineEnd(String body, int at) throws Refusal {
        if (!body.startsWith("\r\n", at)) {
            throw malformed("no line ends behind a boundary");
        }
        return at + 2;
    }

    /** Behind the head of a part, which may be empty. */
    private static int headEnd(String body, int at) throws Refusal {
        return body.startsWith("\r\n", at) ? at + 2 : indexOf(body, "\r\n\r\n", at) + 4;
    }

    private static Optional<String> field(String body, int from, int to) {
        for (String line : body.substring(from, to).split("\r\n", -1)) {
            if (line.toLowerCase(Locale.ROOT).startsWith("content-type:")) {
                return Optional.of(line.substring("content-type:".length()).strip());
            }
        }
        return Optional.empty();
    }

    private static int indexOf(String body, String wanted, int from) throws Refusal {
        int at = body.indexOf(wanted, from);
        if (at < 0) {
            throw malformed("a part does not end");
        }
        return at;
    }

    private static Refusal malformed(String message) {
        return Refusal.badRequest("BadContent", "Malformed multipart body: " + message);
    }
}
