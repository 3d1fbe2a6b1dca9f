package io.blobstore.bench;

import io.blobstore.bench.ServerObjects.Stored;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The responses of S3 and of the XML API of Cloud Storage to path-style requests for objects, as far as the measured
 * clients use them. Signatures are not checked. Thread-safe.
 */
final class XmlResponses {
    static final String GOOGLE_HASH = "x-goog-hash";
    private static final Pattern RANGE = Pattern.compile("bytes=([0-9]*)-([0-9]*)");
    private static final String CRC32C = "x-amz-checksum-crc32c";
    private static final String CHECKSUM_TYPE = "x-amz-checksum-type";
    private static final String FULL_OBJECT = "FULL_OBJECT";

    private record Upload(boolean isFullObject, Map<Integer, Stored> parts) {}

    private final ServerObjects objects;
    private final AtomicLong ids = new AtomicLong();
    private final Map<String, Upload> uploads = new ConcurrentHashMap<>();

    XmlResponses(ServerObjects objects) {
        this.objects = objects;
    }

    /** Returns the response to a request whose body has been read. */
    Response respond(HttpHead request, long bodyBytes) {
        Map<String, String> query = request.query();
        String uploadId = query.getOrDefault("uploadId", "");
        String kind = query.containsKey("uploads") ? "?uploads" : uploadId.isEmpty() ? "" : "?id";
        Stored received = objects.create(bodyBytes, checksum(request));
        switch (request.method() + kind) {
            case "POST?uploads" -> {
                return create(request);
            }
            case "PUT?id", "POST?id" -> {
                Upload upload = uploads.get(uploadId);
                if (upload == null) {
                    return Response.error("404 Not Found", "NoSuchUpload");
                }
                if (request.method().equals("POST")) {
                    uploads.remove(uploadId);
                    return complete(request, upload);
                }
                upload.parts().put(Integer.valueOf(query.getOrDefault("partNumber", "")), received);
                return Response.of("200 OK", headers(received, false), "");
            }
            case "PUT" -> {
                if (!request.has("if-none-match", "*")) {
                    objects.put(request.path(), received);
                } else if (!objects.putIfAbsent(request.path(), received)) {
                    return Response.error("412 Precondition Failed", "PreconditionFailed");
                }
                return Response.of("200 OK", headers(received, true), "");
            }
            case "DELETE" -> {
                objects.remove(request.path());
                return Response.of("204 No Content", Map.of(), "");
            }
            case "GET" -> {
                if (!objects.exists(request.path())) {
                    return Response.error("404 Not Found", "NoSuchKey");
                }
                return objects.isCatalog() ? Response.notImplemented() : get(request);
            }
            case "HEAD" -> {
                if (!objects.exists(request.path())) {
                    return Response.of("404 Not Found", Map.of(), "");
                }
                Stored object = objects.get(request.path());
                return new Response("200 OK", ofWhole(request, object), "", 0, 0, object.size());
            }
            default -> {
                return Response.notImplemented();
            }
        }
    }

    private Response create(HttpHead request) {
        String uploadId = "upload-" + ids.incrementAndGet();
        boolean isFullObject = request.has(CHECKSUM_TYPE, FULL_OBJECT) || isGoogle(request);
        uploads.put(uploadId, new Upload(isFullObject, new ConcurrentSkipListMap<>()));
        Map<String, String> headers = new HashMap<>();
        for (String name : List.of("x-amz-checksum-algorithm", CHECKSUM_TYPE)) {
            request.header(name).ifPresent(value -> headers.put(name, value));
        }
        String id = "<UploadId>" + uploadId + "</UploadId>";
        return Response.of("200 OK", headers, xml("InitiateMultipartUploadResult", request.path(), id));
    }

    private Response complete(HttpHead request, Upload upload) {
        Stored whole = objects.concatenate(upload.parts().values());
        Stored object = upload.isFullObject() ? whole : objects.create(whole.size(), "");
        String checksum = object.checksum();
        if (!checksum.isEmpty() && !request.header(CRC32C).orElse(checksum).equals(checksum)) {
            return Response.error("400 Bad Request", "BadDigest");
        }
        objects.put(request.path(), object);
        String body = "<ETag>" + object.etag().replace("\"", "&quot;") + "</ETag>";
        if (!checksum.isEmpty()) {
            body += "<ChecksumCRC32C>" + checksum + "</ChecksumCRC32C><ChecksumType>FULL_OBJECT</ChecksumType>";
        }
        return Response.of(
                "200 OK", headers(object, false), xml("CompleteMultipartUploadResult", request.path(), body));
    }

    private Response get(HttpHead request) {
        Stored object = objects.served;
        if (request.header("range").isEmpty()) {
            return new Response("200 OK", ofWhole(request, object), "", 0, object.size(), object.size());
        }
        Matcher range = RANGE.matcher(request.header("range").get());
        if (!range.matches() || range.group().equals("bytes=-")) {
            return Response.error("416 Range Not Satisfiable", "InvalidRange");
        }
        boolean isTail = range.group(1).isEmpty();
        long last = range.group(2).isEmpty() ? Long.MAX_VALUE - 1 : Long.parseLong(range.group(2));
        long from = isTail ? Math.max(0, object.size() - last) : Long.parseLong(range.group(1));
        long to = isTail ? object.size() : Math.min(object.size(), last + 1);
        if (from >= to) {
            return Response.error("416 Range Not Satisfiable", "InvalidRange");
        }
        Map<String, String> headers = headers(new Stored(object.size(), "", object.etag()), false);
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
        String hash = request.header(GOOGLE_HASH).orElse("");
        return request.header(CRC32C).orElse(hash.startsWith("crc32c=") ? hash.substring("crc32c=".length()) : "");
    }

    private static Map<String, String> ofWhole(HttpHead request, Stored object) {
        boolean wantsChecksum = request.has("x-amz-checksum-mode", "ENABLED");
        String checksum = wantsChecksum ? object.checksum() : "";
        Map<String, String> headers = headers(new Stored(object.size(), checksum, object.etag()), true);
        headers.put("Accept-Ranges", "bytes");
        return headers;
    }

    private static Map<String, String> headers(Stored object, boolean isWhole) {
        Map<String, String> headers = new HashMap<>();
        headers.put("ETag", object.etag());
        headers.put("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT");
        headers.put("x-goog-generation", "1");
        if (!object.checksum().isEmpty()) {
            headers.put(CRC32C, object.checksum());
            headers.put(GOOGLE_HASH, "crc32c=" + object.checksum());
            if (isWhole) {
                headers.put(CHECKSUM_TYPE, FULL_OBJECT);
            }
        }
        return headers;
    }

    private static String xml(String root, String path, String content) {
        String[] names = path.split("/", 3);
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + root + "><Bucket>" + names[1] + "</Bucket><Key>"
                + names[2] + "</Key>" + content + "</" + root + ">";
    }
}
