package io.blobstore.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.bench.StoredObjects.Stored;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * The responses of the JSON API of Cloud Storage, as far as the measured clients use it. Preconditions are not checked
 * and content is not kept. Thread-safe.
 */
final class JsonResponses {
    /** The number of bytes of a body that are parsed: a resource, or the names of 32 objects to compose. */
    static final int BEGINNING = 16 * 1024;

    /** The range of a resumable upload that is sent at once: its first and last byte, and its size. */
    private static final Pattern WHOLE = Pattern.compile("bytes 0-([0-9]+)/([0-9]+)");

    private static final Pattern OBJECTS = Pattern.compile("/upload/storage/v1/b/([^/]+)/o");
    private static final Pattern OBJECT = Pattern.compile("(?:/download)?/storage/v1/b/([^/]+)/o/(.+?)(/compose)?");
    private static final String CRC32C = "crc32c";
    private static final String LINE_END = "\r\n";

    private final StoredObjects stored;
    private final ServedObject served;
    private final TrafficLog traffic;

    JsonResponses(StoredObjects stored, ServedObject served, TrafficLog traffic) {
        this.stored = stored;
        this.served = served;
        this.traffic = traffic;
    }

    static boolean isJson(HttpHead request) {
        return request.path().matches("(/upload|/download)?/storage/v1/.*");
    }

    /** Returns the path of the object whose content a request reads; empty if the request reads no content. */
    static String downloaded(HttpHead request) {
        Matcher object = OBJECT.matcher(request.path());
        boolean isDownload =
                request.method().equals("GET") && "media".equals(request.query().get("alt"));
        return isDownload && object.matches() ? "/" + object.group(1) + "/" + object.group(2) : "";
    }

    /**
     * Returns the response to a request that does not read content, and records its traffic.
     *
     * @param beginning the first bytes of the body, ready to be read
     * @param bodyBytes the length of the body
     * @param origin the URI of this server as used by the client
     * @param security the protocol and cipher suite of the connection
     */
    Response respond(HttpHead request, ByteBuffer beginning, long bodyBytes, String origin, String security)
            throws IOException {
        Matcher objects = OBJECTS.matcher(request.path());
        Matcher object = OBJECT.matcher(request.path());
        if (objects.matches()) {
            String bucket = objects.group(1);
            return switch (request.query().getOrDefault("uploadType", "")) {
                // A compressed body would have to be decoded to learn its size; no measured client sends one.
                case "multipart" ->
                    request.has("content-encoding", "gzip")
                            ? notImplemented()
                            : insertMultipart(bucket, beginning, bodyBytes, security);
                case "resumable" ->
                    request.method().equals("POST")
                            ? start(bucket, body(request, beginning, bodyBytes), origin)
                            : insertResumable(request, bucket, bodyBytes, security);
                default -> notImplemented();
            };
        }
        if (!object.matches()) {
            return notImplemented();
        }
        String bucket = object.group(1);
        if (request.method().equals("POST") && object.group(3) != null) {
            return compose(bucket, object.group(2), body(request, beginning, bodyBytes), security);
        }
        String name = object.group(2) + (object.group(3) == null ? "" : object.group(3));
        String path = "/" + bucket + "/" + name;
        return switch (request.method()) {
            case "GET" -> resource(bucket, name, Map.of(), stored.get(path));
            case "DELETE" -> {
                traffic.remove(path); // composite uploads delete hundreds of parts
                boolean existed = stored.objects.remove(path) != null;
                yield Response.of(existed ? "204 No Content" : "404 Not Found", Map.of(), "");
            }
            default -> notImplemented();
        };
    }

    /** Turns a response of the XML API with content into the response to a download. */
    Response download(Response content) {
        if (content.sent() == 0) {
            return content;
        }
        Map<String, String> headers = new HashMap<>(content.headers());
        headers.put("Content-Type", "application/octet-stream");
        headers.put("x-goog-metageneration", "1");
        headers.put("x-goog-storage-class", "STANDARD");
        // The hash of the whole object, also for ranges. The SDK verifies a whole read unless the response names the
        // stored encoding (x-goog-stored-content-...), which means that the content was decoded.
        headers.put(XmlResponses.GOOGLE_HASH, "crc32c=" + served.checksum().base64());
        return new Response(content.status(), headers, content.text(), content.from(), content.to(), content.length());
    }

    private static Response notImplemented() {
        return Response.of("501 Not Implemented", Map.of(), "");
    }

    /** Handles {@code multipart/related}: the resource and then the content, each after a boundary and headers. */
    private Response insertMultipart(String bucket, ByteBuffer beginning, long bodyBytes, String security)
            throws IOException {
        String text = StandardCharsets.ISO_8859_1.decode(beginning).toString(); // one character per byte
        String boundary = text.substring(0, found(text.indexOf(LINE_END)));
        int json = found(text.indexOf(LINE_END + LINE_END)) + 4;
        int jsonEnd = found(text.indexOf(LINE_END + boundary, json));
        int content = found(text.indexOf(LINE_END + LINE_END, jsonEnd + 2)) + 4;
        int end = (LINE_END + boundary + "--" + LINE_END).length(); // the measured clients end the last line
        Map<String, Object> resource =
                JSON.std.mapFrom(text.substring(json, jsonEnd).getBytes(StandardCharsets.ISO_8859_1));
        Stored object = stored.create(
                bodyBytes - content - end, resource.getOrDefault(CRC32C, "").toString());
        return insert(bucket, string(resource), resource, object, security);
    }

    private static int found(int index) throws IOException {
        if (index < 0) {
            throw new IOException("not multipart/related, or more than " + BEGINNING + " bytes before its content");
        }
        return index;
    }

    /** Starts a resumable upload; its id is the name of the object, so that no state is needed. */
    private static Response start(String bucket, Map<String, Object> resource, String origin) throws IOException {
        String id = URLEncoder.encode(string(resource), StandardCharsets.UTF_8).replace("+", "%20");
        String location = origin + "/upload/storage/v1/b/" + bucket + "/o?uploadType=resumable&upload_id=" + id;
        return Response.of("200 OK", Map.of("Location", location), "");
    }

    private Response insertResumable(HttpHead request, String bucket, long bodyBytes, String security)
            throws IOException {
        Matcher range = WHOLE.matcher(request.header("content-range").orElse(""));
        if (!range.matches() || Long.parseLong(range.group(1)) + 1 != Long.parseLong(range.group(2))) {
            return notImplemented(); // no measured client sends content in pieces
        }
        Stored object = stored.create(bodyBytes, XmlResponses.checksum(request));
        return insert(bucket, request.query().getOrDefault("upload_id", ""), Map.of(), object, security);
    }

    private Response insert(String bucket, String name, Map<String, Object> resource, Stored object, String security)
            throws IOException {
        String path = "/" + bucket + "/" + name;
        stored.objects.put(path, object);
        traffic.add(path, object.size(), 0, security);
        return resource(bucket, name, resource, object);
    }

    private Response compose(String bucket, String name, Map<String, Object> request, String security)
            throws IOException {
        String path = "/" + bucket + "/" + name;
        List<Stored> sources = new ArrayList<>();
        traffic.add(path, 0, 0, security);
        for (Object source : request.get("sourceObjects") instanceof List<?> list ? list : List.of()) {
            String part = "/" + bucket + "/" + string((Map<?, ?>) source);
            Stored object = stored.objects.get(part);
            if (object == null) {
                return Response.of("404 Not Found", Map.of(), part);
            }
            sources.add(object);
            traffic.add(path, traffic.get(part)); // the content was received as the parts
        }
        Stored object = stored.concatenate(sources);
        stored.objects.put(path, object);
        return resource(bucket, name, request.get("destination") instanceof Map<?, ?> map ? map : Map.of(), object);
    }

    private static Response resource(String bucket, String name, Map<?, ?> sent, Stored object) throws IOException {
        // The sent properties are returned: the SDK finds the parts of a composite upload by their user metadata.
        Map<String, Object> resource = new LinkedHashMap<>();
        sent.forEach((key, value) -> resource.put(key.toString(), value));
        resource.put("kind", "storage#object");
        resource.put("bucket", bucket);
        resource.put("name", name);
        resource.put("generation", "1");
        resource.put("metageneration", "1");
        resource.put("size", Long.toString(object.size()));
        resource.put("etag", object.etag());
        resource.put("updated", "2026-01-01T00:00:00.000Z");
        resource.remove(CRC32C);
        if (!object.checksum().isEmpty()) { // compared by the SDK after a composite upload
            resource.put(CRC32C, object.checksum());
        }
        Map<String, String> headers = Map.of("Content-Type", "application/json; charset=UTF-8");
        return Response.of("200 OK", headers, JSON.std.asString(resource));
    }

    private static Map<String, Object> body(HttpHead request, ByteBuffer beginning, long bodyBytes) throws IOException {
        if (bodyBytes > beginning.remaining()) {
            throw new IOException("a request of " + bodyBytes + " bytes");
        }
        InputStream bytes = new ByteArrayInputStream(beginning.array(), 0, beginning.limit());
        try (InputStream input = request.has("content-encoding", "gzip") ? new GZIPInputStream(bytes) : bytes) {
            return JSON.std.mapFrom(input);
        }
    }

    private static String string(Map<?, ?> resource) throws IOException {
        if (resource.get("name") instanceof String name) {
            return name;
        }
        throw new IOException("no name in " + resource);
    }
}
