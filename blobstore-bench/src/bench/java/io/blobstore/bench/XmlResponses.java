package io.blobstore.bench;

import io.blobstore.bench.StoredObjects.Stored;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The responses of S3 and of the XML API of Cloud Storage to path-style requests for objects. Signatures are not
 * checked and content is not kept: an uploaded object has a size and a checksum, any other object is the
 * {@link ServedObject}. Thread-safe.
 */
final class XmlResponses {
    static final String GOOGLE_HASH = "x-goog-hash";
    private static final Pattern RANGE = Pattern.compile("bytes=([0-9]+)-([0-9]*)");
    private static final String CRC32C = "x-amz-checksum-crc32c";
    private static final String CHECKSUM_TYPE = "x-amz-checksum-type";
    private static final String FULL_OBJECT = "FULL_OBJECT";

    private record Upload(boolean isFullObject, Map<Integer, Stored> parts) {}

    private final ServedObject served;
    private final StoredObjects stored;
    private final AtomicLong ids = new AtomicLong();
    private final Map<String, Upload> uploads = new ConcurrentHashMap<>();

    XmlResponses(ServedObject served, StoredObjects stored) {
        this.served = served;
        this.stored = stored;
    }

    /** Returns the response to a request whose body has been read. */
    Response respond(HttpHead request, long bodyBytes) {
        String path = request.path();
        Map<String, String> query = request.query();
        String uploadId = query.get("uploadId");
        String kind = request.method() + (query.containsKey("uploads") ? "?uploads" : uploadId == null ? "" : "?id");
        return switch (kind) {
            case "POST?uploads" -> create(request, path);
            case "PUT?id" -> uploadPart(request, query, bodyBytes);
            case "POST?id" -> complete(request, path, String.valueOf(uploadId));
            case "DELETE?id" -> {
                uploads.remove(String.valueOf(uploadId));
                yield Response.of("204 No Content", Map.of(), "");
            }
            case "PUT" -> {
                Stored object = stored.create(bodyBytes, checksum(request));
                stored.objects.put(path, object);
                yield Response.of("200 OK", headers(object.etag(), object.checksum(), true), "");
            }
            case "GET" -> get(request);
            case "HEAD" -> {
                Stored object = stored.get(path);
                yield new Response("200 OK", ofWhole(request, object), "", 0, 0, object.size());
            }
            case "DELETE" -> {
                stored.objects.remove(path);
                yield Response.of("204 No Content", Map.of(), "");
            }
            default -> Response.error("501 Not Implemented", "NotImplemented");
        };
    }

    private Response create(HttpHead request, String path) {
        String uploadId = "upload-" + ids.incrementAndGet();
        boolean isFullObject = request.has(CHECKSUM_TYPE, FULL_OBJECT) || isGoogle(request);
        uploads.put(uploadId, new Upload(isFullObject, new TreeMap<>()));
        Map<String, String> headers = new HashMap<>();
        for (String name : List.of("x-amz-checksum-algorithm", CHECKSUM_TYPE)) {
            request.header(name).ifPresent(value -> headers.put(name, value));
        }
        String id = "<UploadId>" + uploadId + "</UploadId>";
        return Response.of("200 OK", headers, xml("InitiateMultipartUploadResult", path, id));
    }

    private Response uploadPart(HttpHead request, Map<String, String> query, long size) {
        Upload upload = uploads.get(query.getOrDefault("uploadId", ""));
        if (upload == null) {
            return Response.error("404 Not Found", "NoSuchUpload");
        }
        Stored part = stored.create(size, checksum(request));
        synchronized (upload) {
            upload.parts().put(Integer.valueOf(query.getOrDefault("partNumber", "")), part);
        }
        return Response.of("200 OK", headers(part.etag(), part.checksum(), false), "");
    }

    private Response complete(HttpHead request, String path, String uploadId) {
        Upload upload = uploads.remove(uploadId);
        if (upload == null) {
            return Response.error("404 Not Found", "NoSuchUpload");
        }
        Stored object;
        synchronized (upload) {
            object = stored.concatenate(upload.parts().values());
        }
        if (!upload.isFullObject()) {
            object = stored.create(object.size(), "");
        }
        String checksum = object.checksum();
        if (!checksum.isEmpty() && !request.header(CRC32C).orElse(checksum).equals(checksum)) {
            return Response.error("400 Bad Request", "BadDigest");
        }
        stored.objects.put(path, object);
        String body = "<ETag>" + object.etag().replace("\"", "&quot;") + "</ETag>"
                + (checksum.isEmpty()
                        ? ""
                        : "<ChecksumCRC32C>" + checksum + "</ChecksumCRC32C><ChecksumType>FULL_OBJECT</ChecksumType>");
        return Response.of(
                "200 OK", headers(object.etag(), checksum, false), xml("CompleteMultipartUploadResult", path, body));
    }

    private Response get(HttpHead request) {
        Stored object = served.asStored();
        if (request.header("range").isEmpty()) {
            return new Response("200 OK", ofWhole(request, object), "", 0, object.size(), object.size());
        }
        Matcher range = RANGE.matcher(request.header("range").get());
        if (!range.matches() || Long.parseLong(range.group(1)) >= object.size()) {
            return Response.error("416 Range Not Satisfiable", "InvalidRange");
        }
        long from = Long.parseLong(range.group(1));
        long to =
                range.group(2).isEmpty() ? object.size() : Math.min(object.size(), Long.parseLong(range.group(2)) + 1);
        Map<String, String> headers = headers(object.etag(), "", false);
        if (isGoogle(request)) {
            headers.put(GOOGLE_HASH, "crc32c=" + object.checksum());
        }
        headers.put("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + object.size());
        return new Response("206 Partial Content", headers, "", from, to, to - from);
    }

    private static boolean isGoogle(HttpHead request) {
        return request.header("x-goog-api-client").isPresent();
    }

    /** Returns the CRC32C that the client sent by either API, or an empty string. */
    static String checksum(HttpHead request) {
        return request.header(CRC32C)
                .or(() -> request.header(GOOGLE_HASH)
                        .filter(value -> value.startsWith("crc32c="))
                        .map(value -> value.substring("crc32c=".length())))
                .orElse("");
    }

    private static Map<String, String> ofWhole(HttpHead request, Stored object) {
        boolean wantsChecksum = request.has("x-amz-checksum-mode", "ENABLED");
        Map<String, String> headers = headers(object.etag(), wantsChecksum ? object.checksum() : "", true);
        headers.put("Accept-Ranges", "bytes");
        return headers;
    }

    private static Map<String, String> headers(String etag, String checksum, boolean isWhole) {
        Map<String, String> headers = new HashMap<>();
        headers.put("ETag", etag);
        headers.put("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT");
        headers.put("x-goog-generation", "1");
        if (!checksum.isEmpty()) {
            headers.put(CRC32C, checksum);
            headers.put(GOOGLE_HASH, "crc32c=" + checksum);
            if (isWhole) {
                headers.put(CHECKSUM_TYPE, FULL_OBJECT);
            }
        }
        return headers;
    }

    private static String xml(String root, String path, String content) {
        String[] names = path.split("/", 3);
        String key = names.length > 2 ? names[2] : "";
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + root + "><Bucket>" + names[1] + "</Bucket><Key>" + key
                + "</Key>" + content + "</" + root + ">";
    }
}
