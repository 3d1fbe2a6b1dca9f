package io.blobstore.gcs.fake;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.gson.JsonObject;
import io.blobstore.http.ScriptedResponse;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Handles uploads by one request of the JSON API. */
final class JsonUploads {
    private static final Pattern BOUNDARY = Pattern.compile("(?i)multipart/related;.*?boundary=(\"?)([^;\"\\s]+)\\1.*");
    private static final Pattern CONTENT_TYPE = Pattern.compile("(?im)^content-type: *(.*?)\\s*$");

    private JsonUploads() {}

    /**
     * A part of a body.
     *
     * @param end where the next delimiter begins
     */
    private record Part(Optional<String> type, int start, int end) {}

    static ScriptedResponse handle(FakeObjects objects, String bucket, Request request) {
        request.allow("uploadType|ifGenerationMatch|kmsKeyName" + JsonApi.COMMON);
        request.requireLength();
        objects.requireBucket(bucket);
        require(request.parameter("uploadType").equals(Optional.of("multipart")), "the upload type is another");
        Matcher type = BOUNDARY.matcher(request.header("Content-Type").orElse(""));
        require(type.matches(), "the content type is not multipart/related");
        byte[] content = request.content();
        // One character for each byte, with a line break before the first delimiter as before the others.
        String body = "\r\n" + new String(content, ISO_8859_1);
        String delimiter = "\r\n--" + type.group(2);
        require(body.startsWith(delimiter), "the body does not begin with its boundary");
        Part metadata = part(body, delimiter, 0);
        require(metadata.type().orElse("").startsWith("application/json"), "the first part is not application/json");
        Part data = part(body, delimiter, metadata.end());
        require(body.startsWith("--", data.end() + delimiter.length()), "there is a third part");
        JsonObject json = Json.parse(Arrays.copyOfRange(content, metadata.start() - 2, metadata.end() - 2));
        byte[] bytes = Arrays.copyOfRange(content, data.start() - 2, data.end() - 2);
        return store(objects, bucket, request, json, data.type(), bytes);
    }

    /** Returns the part after a delimiter. */
    private static Part part(String body, String delimiter, int at) {
        int head = at + delimiter.length();
        int headEnd = body.indexOf("\r\n\r\n", head);
        int end = headEnd < 0 ? -1 : body.indexOf(delimiter, headEnd + 2);
        require(end >= 0 && body.startsWith("\r\n", head), "a part does not end");
        Matcher type = CONTENT_TYPE.matcher(body.substring(head, headEnd));
        return new Part(type.find() ? Optional.of(type.group(1)) : Optional.empty(), headEnd + 4, end);
    }

    private static void require(boolean condition, String problem) {
        ErrorResponse.require(condition, "BadContent", "This fake does not know such an upload: " + problem);
    }

    private static ScriptedResponse store(
            FakeObjects objects,
            String bucket,
            Request request,
            JsonObject metadata,
            Optional<String> contentType,
            byte[] content) {
        String name = Json.text(metadata, "name")
                .orElseThrow(() -> new ErrorResponse(400, "InvalidArgument", "required", "Required parameter: name"));
        boolean agrees = Json.text(metadata, "bucket").orElse(bucket).equals(bucket);
        ErrorResponse.require(agrees, "The bucket in the content does not agree with the one in the request.");
        Hashes hashes = Hashes.of(content);
        Hashes.requireEqual(
                "CRC32C", Json.text(metadata, "crc32c"), hashes.crc32c().base64());
        Hashes.requireEqual(
                "MD5 hash", Json.text(metadata, "md5Hash"), hashes.md5().orElseThrow());
        Optional<String> key = CustomerKey.sha256(request, CustomerKey.OBJECT);
        Attributes attributes = Json.attributes(metadata, contentType, request.parameter("kmsKeyName"), key);
        FakeObject stored = objects.put(bucket, name, content, hashes, attributes, request.number("ifGenerationMatch"));
        return Json.response(Json.object(stored, true));
    }
}
