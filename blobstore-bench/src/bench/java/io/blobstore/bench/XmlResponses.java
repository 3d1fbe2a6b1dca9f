package io.blobstore.bench;

import io.blobstore.bench.StoredObjects.Stored;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What S3 would answer, and the XML API of Cloud Storage: path-style requests for objects, without looking at
 * signatures and without keeping content. An object that was uploaded has a size and a checksum; one that was not is
 * the {@link ServedObject}. Thread-safe.
 */
final class XmlResponses {
    private static final Pattern RANGE = Pattern.compile("bytes=([0-9]+)-([0-9]*)");
    private static final String CRC32C = "x-amz-checksum-crc32c";
    private static final String CHECKSUM_TYPE = "x-amz-checksum-type";
    private static final String HASH = "x-goog-hash";
    private static final String CRC32C_OF_GOOGLE = "crc32c=";

    /**
     * An answer.
     *
     * @param headers but for Content-Length
     * @param text the body, unless it is content
     * @param from the first byte of the served object that is the body
     * @param to where that body ends; {@code from} if there is none
     * @param length the Content-Length
     */
    record Answer(String status, Map<String, String> headers, String text, long from, long to, long length) {
        static Answer of(String status, Map<String, String> headers, String text) {
            return new Answer(status, headers, text, 0, 0, text.getBytes(StandardCharsets.UTF_8).length);
        }
    }

    private record Upload(boolean isFullObject, Map<Integer, Stored> parts) {}

    private final ServedObject served;
    private final StoredObjects objects;
    private final AtomicLong ids = new AtomicLong();
    private final Map<String, Upload> uploads = new ConcurrentHashMap<>();

    XmlResponses(ServedObject served, StoredObjects objects) {
        this.served = served;
        this.objects = objects;
    }

    /** The answer of a server that has too much to do. */
    static Answer refused() {
        return Answer.of(
                "503 Slow Down",
                Map.of("Content-Type", "application/xml"),
                "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>");
    }

    /** The answer to a request whose body has been read. */
    Answer answer(HttpHead request, long bodyBytes) {
        String path = request.path();
        Map<String, String> query = request.query();
        String uploadId = query.get("uploadId");
        return switch (request.words().get(0)) {
            case "POST" -> {
                if (query.containsKey("uploads")) {
                    yield create(request, path);
                }
                yield uploadId == null ? notSupported() : complete(request, path, uploadId);
            }
            case "PUT" ->
                uploadId == null ? put(request, path, bodyBytes) : uploadPart(request, query, uploadId, bodyBytes);
            case "GET" -> get(request);
            case "HEAD" -> head(request, path);
            case "DELETE" -> {
                if (uploadId == null) {
                    objects.remove(path);
                } else {
                    uploads.remove(uploadId);
                }
                yield Answer.of("204 No Content", Map.of(), "");
            }
            default -> notSupported();
        };
    }

    // ---- uploads

    private Answer create(HttpHead request, String path) {
        String uploadId = "upload-" + ids.incrementAndGet();
        boolean isFullObject =
                request.header(CHECKSUM_TYPE).filter("FULL_OBJECT"::equals).isPresent() || isGoogles(request);
        uploads.put(uploadId, new Upload(isFullObject, new TreeMap<>()));
        Map<String, String> headers = new HashMap<>();
        for (String name : List.of("x-amz-checksum-algorithm", CHECKSUM_TYPE)) {
            request.header(name).ifPresent(value -> headers.put(name, value));
        }
        return Answer.of(
                "200 OK",
                headers,
                xml("InitiateMultipartUploadResult", names(path) + "<UploadId>" + uploadId + "</UploadId>"));
    }

    private Answer uploadPart(HttpHead request, Map<String, String> query, String uploadId, long size) {
        Upload upload = uploads.get(uploadId);
        if (upload == null) {
            return error("404 Not Found", "NoSuchUpload");
        }
        Stored part = new Stored(size, checksum(request), objects.newEtag());
        synchronized (upload) {
            upload.parts().put(Integer.valueOf(query.getOrDefault("partNumber", "")), part);
        }
        return Answer.of("200 OK", headers(part.etag(), part.checksum(), Optional.empty()), "");
    }

    private Answer complete(HttpHead request, String path, String uploadId) {
        Upload upload = uploads.remove(uploadId);
        if (upload == null) {
            return error("404 Not Found", "NoSuchUpload");
        }
        Stored object = assemble(upload);
        if (object.checksum().isPresent()
                && request.header(CRC32C).isPresent()
                && !request.header(CRC32C).equals(object.checksum())) {
            return error("400 Bad Request", "BadDigest");
        }
        objects.put(path, object);
        String checksum = object.checksum()
                .map(value -> "<ChecksumCRC32C>" + value + "</ChecksumCRC32C><ChecksumType>FULL_OBJECT</ChecksumType>")
                .orElse("");
        return Answer.of(
                "200 OK",
                headers(object.etag(), object.checksum(), Optional.empty()),
                xml(
                        "CompleteMultipartUploadResult",
                        names(path) + "<ETag>" + object.etag().replace("\"", "&quot;") + "</ETag>" + checksum));
    }

    private Stored assemble(Upload upload) {
        synchronized (upload) {
            Stored whole = Stored.concatenation(upload.parts().values(), objects.newEtag());
            return upload.isFullObject() ? whole : new Stored(whole.size(), Optional.empty(), whole.etag());
        }
    }

    private Answer put(HttpHead request, String path, long size) {
        Stored object = new Stored(size, checksum(request), objects.newEtag());
        objects.put(path, object);
        return Answer.of("200 OK", headers(object.etag(), object.checksum(), Optional.of("FULL_OBJECT")), "");
    }

    private static boolean isGoogles(HttpHead request) {
        return request.header("x-goog-api-client").isPresent();
    }

    /** What either API says of a body's CRC32C. */
    static Optional<String> checksum(HttpHead request) {
        return request.header(CRC32C)
                .or(() -> request.header(HASH)
                        .filter(value -> value.startsWith(CRC32C_OF_GOOGLE))
                        .map(value -> value.substring(CRC32C_OF_GOOGLE.length())));
    }

    // ---- reads

    private Answer get(HttpHead request) {
        Optional<String> range = request.header("range");
        if (range.isEmpty()) {
            Map<String, String> headers = whole(request, served.checksum().base64(), ServedObject.ETAG);
            return new Answer("200 OK", headers, "", 0, served.size(), served.size());
        }
        Matcher bytes = RANGE.matcher(range.get());
        if (!bytes.matches() || Long.parseLong(bytes.group(1)) >= served.size()) {
            return error("416 Range Not Satisfiable", "InvalidRange");
        }
        long from = Long.parseLong(bytes.group(1));
        long to =
                bytes.group(2).isEmpty() ? served.size() : Math.min(served.size(), Long.parseLong(bytes.group(2)) + 1);
        Map<String, String> headers = headers(ServedObject.ETAG, Optional.empty(), Optional.empty());
        if (isGoogles(request)) {
            headers.put(HASH, CRC32C_OF_GOOGLE + served.checksum().base64());
        }
        headers.put("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + served.size());
        return new Answer("206 Partial Content", headers, "", from, to, to - from);
    }

    private Answer head(HttpHead request, String path) {
        Stored object = objects.find(path).orElseGet(served::asStored);
        Map<String, String> headers = whole(request, object.checksum().orElse(""), object.etag());
        return new Answer("200 OK", headers, "", 0, 0, object.size());
    }

    private static Map<String, String> whole(HttpHead request, String checksum, String etag) {
        boolean isWanted = !checksum.isEmpty()
                && request.header("x-amz-checksum-mode")
                        .filter("ENABLED"::equalsIgnoreCase)
                        .isPresent();
        Map<String, String> headers = headers(
                etag,
                isWanted ? Optional.of(checksum) : Optional.empty(),
                isWanted ? Optional.of("FULL_OBJECT") : Optional.empty());
        headers.put("Accept-Ranges", "bytes");
        return headers;
    }

    // ---- parts of answers

    private static Map<String, String> headers(String etag, Optional<String> checksum, Optional<String> type) {
        Map<String, String> headers = new HashMap<>();
        headers.put("ETag", etag);
        headers.put("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT");
        headers.put("x-goog-generation", "1");
        checksum.ifPresent(value -> {
            headers.put(CRC32C, value);
            headers.put(HASH, CRC32C_OF_GOOGLE + value);
        });
        type.ifPresent(value -> headers.put(CHECKSUM_TYPE, value));
        return headers;
    }

    private static Answer notSupported() {
        return error("501 Not Implemented", "NotImplemented");
    }

    private static Answer error(String status, String code) {
        return Answer.of(status, Map.of(), xml("Error", "<Code>" + code + "</Code><Message>" + code + "</Message>"));
    }

    private static String names(String path) {
        String[] names = path.split("/", 3);
        return "<Bucket>" + names[1] + "</Bucket><Key>" + (names.length > 2 ? names[2] : "") + "</Key>";
    }

    private static String xml(String root, String content) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + root + ">" + content + "</" + root + ">";
    }
}
