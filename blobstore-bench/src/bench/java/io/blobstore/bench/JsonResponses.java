package io.blobstore.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.bench.ServerObjects.Stored;
import io.blobstore.bench.ServerObjects.Traffic;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
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
 * The responses of the JSON API of Cloud Storage, as far as the measured clients use it. Preconditions are not checked.
 * Thread-safe.
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

    /**
     * A request that does not read content.
     *
     * @param beginning the first bytes of the body
     * @param bodyBytes the length of the body
     * @param origin the URI of this server as used by the client
     * @param security the protocol and cipher suite of the connection
     */
    record Request(HttpHead head, byte[] beginning, long bodyBytes, String origin, String security) {
        /** Returns the body, which may be compressed. */
        private Map<String, Object> resource() throws IOException {
            if (bodyBytes > beginning.length) {
                throw new IOException("a request of " + bodyBytes + " bytes");
            }
            InputStream bytes = new ByteArrayInputStream(beginning);
            try (InputStream input = head.has("content-encoding", "gzip") ? new GZIPInputStream(bytes) : bytes) {
                return JSON.std.mapFrom(input);
            }
        }
    }

    private final ServerObjects objects;

    JsonResponses(ServerObjects objects) {
        this.objects = objects;
    }

    static boolean isJson(HttpHead request) {
        return request.path().matches("(/upload|/download)?/storage/v1/.*");
    }

    /** Returns the path of the object whose content a request reads; empty if the request reads no content. */
    static String downloaded(HttpHead request) {
        Matcher object = OBJECT.matcher(request.path());
        boolean isMedia =
                "media".equals(request.query().get("alt")) && request.method().equals("GET");
        return isMedia && object.matches() ? "/" + object.group(1) + "/" + object.group(2) : "";
    }

    /** Returns the response to a request that does not read content, and records its traffic. */
    Response respond(Request request) throws IOException {
        HttpHead head = request.head();
        Matcher all = OBJECTS.matcher(head.path());
        Matcher object = OBJECT.matcher(head.path());
        if (all.matches()) {
            String kind = head.method() + " " + head.query().getOrDefault("uploadType", "");
            return switch (kind) {
                case "POST multipart" -> insertMultipart(request, all.group(1));
                case "POST resumable" -> start(request, all.group(1));
                case "PUT resumable" -> insertResumable(request, all.group(1));
                default -> Response.notImplemented();
            };
        }
        if (!object.matches()) {
            return Response.notImplemented();
        }
        String bucket = object.group(1);
        String name = object.group(2);
        String path = "/" + bucket + "/" + name;
        return switch (head.method() + (object.group(3) == null ? "" : object.group(3))) {
            case "POST/compose" -> compose(request, bucket, name);
            case "GET" -> resource(bucket, name, Map.of(), objects.get(path));
            case "DELETE" -> {
                String status = objects.remove(path) ? "204 No Content" : "404 Not Found";
                yield Response.of(status, Map.of(), "");
            }
            default -> Response.notImplemented();
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
        headers.put(XmlResponses.GOOGLE_HASH, "crc32c=" + objects.served.checksum());
        return new Response(content.status(), headers, content.text(), content.from(), content.to(), content.length());
    }

    /** Handles {@code multipart/related}: the resource and then the content, each after a boundary and headers. */
    private Response insertMultipart(Request request, String bucket) throws IOException {
        if (request.head().has("content-encoding", "gzip")) {
            return Response.notImplemented(); // decoded only to learn its size; no measured client sends it
        }
        String text = new String(request.beginning(), StandardCharsets.ISO_8859_1); // one character per byte
        String boundary = text.substring(0, found(text.indexOf(LINE_END)));
        int json = found(text.indexOf(LINE_END + LINE_END)) + 4;
        int jsonEnd = found(text.indexOf(LINE_END + boundary, json));
        int content = found(text.indexOf(LINE_END + LINE_END, jsonEnd + 2)) + 4;
        int end = (LINE_END + boundary + "--" + LINE_END).length(); // the measured clients end the last line
        Map<String, Object> resource =
                JSON.std.mapFrom(text.substring(json, jsonEnd).getBytes(StandardCharsets.ISO_8859_1));
        String checksum = resource.getOrDefault(CRC32C, "").toString();
        Stored object = objects.create(request.bodyBytes() - content - end, checksum);
        return insert(request, bucket, string(resource), resource, object);
    }

    private static int found(int index) throws IOException {
        if (index < 0) {
            throw new IOException("not multipart/related, or more than " + BEGINNING + " bytes before its content");
        }
        return index;
    }

    /** Starts a resumable upload; its id is the name of the object, so that no state is needed. */
    private static Response start(Request request, String bucket) throws IOException {
        String id = URLEncoder.encode(string(request.resource()), StandardCharsets.UTF_8)
                .replace("+", "%20");
        String target = "/upload/storage/v1/b/" + bucket + "/o?uploadType=resumable&upload_id=" + id;
        return Response.of("200 OK", Map.of("Location", request.origin() + target), "");
    }

    private Response insertResumable(Request request, String bucket) throws IOException {
        Matcher range = WHOLE.matcher(request.head().header("content-range").orElse(""));
        if (!range.matches() || Long.parseLong(range.group(1)) + 1 != Long.parseLong(range.group(2))) {
            return Response.notImplemented(); // no measured client sends content in pieces
        }
        Stored object = objects.create(request.bodyBytes(), XmlResponses.checksum(request.head()));
        return insert(request, bucket, request.head().query().getOrDefault("upload_id", ""), Map.of(), object);
    }

    private Response insert(Request request, String bucket, String name, Map<String, Object> resource, Stored object)
            throws IOException {
        String path = "/" + bucket + "/" + name;
        objects.put(path, object);
        objects.count(path, new Traffic(object.size(), 0, request.security()));
        return resource(bucket, name, resource, object);
    }

    private Response compose(Request request, String bucket, String name) throws IOException {
        String path = "/" + bucket + "/" + name;
        Map<String, Object> resource = request.resource();
        List<Stored> sources = new ArrayList<>();
        objects.count(path, new Traffic(0, 0, request.security()));
        for (Object source : resource.get("sourceObjects") instanceof List<?> list ? list : List.of()) {
            String part = "/" + bucket + "/" + string((Map<?, ?>) source);
            if (!objects.isUploaded(part)) {
                return Response.of("404 Not Found", Map.of(), part);
            }
            sources.add(objects.get(part));
            objects.count(path, objects.traffic(part)); // the content was received as the parts
        }
        Stored object = objects.concatenate(sources);
        objects.put(path, object);
        return resource(bucket, name, resource.get("destination") instanceof Map<?, ?> map ? map : Map.of(), object);
    }

    private static Response resource(String bucket, String name, Map<?, ?> sent, Stored object) throws IOException {
        // The sent properties are returned: the SDK finds the parts of a composite upload by their user metadata.
        Map<Object, Object> resource = new LinkedHashMap<>(sent);
        resource.putAll(Map.of("kind", "storage#object", "bucket", bucket, "name", name, "etag", object.etag()));
        resource.putAll(Map.of("generation", "1", "metageneration", "1", "size", Long.toString(object.size())));
        resource.put("updated", "2026-01-01T00:00:00.000Z");
        resource.remove(CRC32C);
        if (!object.checksum().isEmpty()) { // compared by the SDK after a composite upload
            resource.put(CRC32C, object.checksum());
        }
        Map<String, String> headers = Map.of("Content-Type", "application/json; charset=UTF-8");
        return Response.of("200 OK", headers, JSON.std.asString(resource));
    }

    private static String string(Map<?, ?> resource) throws IOException {
        if (resource.get("name") instanceof String name) {
            return name;
        }
        throw new IOException("no name in " + resource);
    }
}
