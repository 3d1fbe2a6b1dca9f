package io.blobstore.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * A request of the JSON API of Cloud Storage. Which object it is about may stand at the beginning of its body only.
 *
 * @param resource what it says of the object
 * @param contentSize bytes of content that it brought
 * @param sources the names of the objects that it composes
 */
record JsonRequest(
        Kind kind, String bucket, String name, Map<String, Object> resource, long contentSize, List<String> sources) {
    enum Kind {
        INSERT,
        /** Asks where to send the content to: then comes an {@link #INSERT}. */
        START,
        COMPOSE,
        GET,
        /** Asks for content, or a range of it: its answer is that of the XML API, and more headers. */
        DOWNLOAD,
        DELETE,
        /** Nothing that this server knows. */
        OTHER
    }

    /**
     * So much of a body has to be there for {@link #parse}: what comes before content, or the names of 32 objects to
     * compose.
     */
    static final int BEGINNING = 16 * 1024;

    /** A resumable upload that is sent at once: its first and last byte, and its size. */
    private static final Pattern WHOLE = Pattern.compile("bytes 0-([0-9]+)/([0-9]+)");

    private static final Pattern OBJECTS = Pattern.compile("/upload/storage/v1/b/([^/]+)/o");
    private static final Pattern OBJECT = Pattern.compile("(?:/download)?/storage/v1/b/([^/]+)/o/(.+?)(/compose)?");
    private static final String UPLOAD_ID = "upload_id";
    private static final String LINE_END = "\r\n";
    private static final String HEADERS_END = "\r\n\r\n";

    static boolean isJson(HttpHead request) {
        String path = request.path();
        return path.startsWith("/storage/v1/")
                || path.startsWith("/upload/storage/v1/")
                || path.startsWith("/download/storage/v1/");
    }

    /**
     * Reads a request.
     *
     * @param beginning the first bytes of its body, ready to be read
     * @param bodyBytes how long the body was
     */
    static JsonRequest parse(HttpHead request, ByteBuffer beginning, long bodyBytes) throws IOException {
        Matcher objects = OBJECTS.matcher(request.path());
        Matcher object = OBJECT.matcher(request.path());
        boolean isGzip =
                request.header("content-encoding").filter("gzip"::equals).isPresent();
        if (objects.matches()) {
            return switch (request.query().getOrDefault("uploadType", "")) {
                // A coded body would have to be decoded as a whole, only to know its size. No contestant sends one.
                case "multipart" -> isGzip ? other() : insert(objects.group(1), beginning, bodyBytes);
                case "resumable" -> resumable(request, objects.group(1), beginning, bodyBytes, isGzip);
                default -> other();
            };
        }
        if (!object.matches()) {
            return other();
        }
        if (request.words().get(0).equals("POST") && object.group(3) != null) {
            return compose(object.group(1), object.group(2), beginning, bodyBytes, isGzip);
        }
        Kind kind = switch (request.words().get(0)) {
            case "GET" -> "media".equals(request.query().get("alt")) ? Kind.DOWNLOAD : Kind.GET;
            case "DELETE" -> Kind.DELETE;
            default -> Kind.OTHER;
        };
        String name = object.group(2) + (object.group(3) == null ? "" : object.group(3));
        return new JsonRequest(kind, object.group(1), name, Map.of(), 0, List.of());
    }

    /** The path of the object, as in the XML API. */
    String path() {
        return path(name);
    }

    private String path(String other) {
        return "/" + bucket + "/" + other;
    }

    List<String> sourcePaths() {
        return sources.stream().map(this::path).toList();
    }

    private static JsonRequest other() {
        return new JsonRequest(Kind.OTHER, "", "", Map.of(), 0, List.of());
    }

    /**
     * {@code multipart/related}: what is said of the object, then its content; each after a line with the boundary and
     * headers.
     */
    private static JsonRequest insert(String bucket, ByteBuffer beginning, long bodyBytes) throws IOException {
        String text = StandardCharsets.ISO_8859_1.decode(beginning).toString(); // a character is a byte
        String boundary = text.substring(0, found(text.indexOf(LINE_END)));
        int json = after(text, HEADERS_END, 0);
        int jsonEnd = found(text.indexOf(LINE_END + boundary, json));
        int content = after(text, HEADERS_END, jsonEnd + LINE_END.length());
        // The last line is read by nobody; clients may, and all of ours do, end it.
        int end = (LINE_END + boundary + "--" + LINE_END).length();
        Map<String, Object> resource = map(text.substring(json, jsonEnd).getBytes(StandardCharsets.ISO_8859_1), false);
        return new JsonRequest(
                Kind.INSERT, bucket, string(resource, "name"), resource, bodyBytes - content - end, List.of());
    }

    private static int after(String text, String what, int from) throws IOException {
        return found(text.indexOf(what, from)) + what.length();
    }

    private static int found(int index) throws IOException {
        if (index < 0) {
            throw new IOException("not multipart/related, or more than " + BEGINNING + " bytes before its content");
        }
        return index;
    }

    /**
     * Begins an upload that could be resumed, or brings its content, as a whole only: no contestant does it piece by
     * piece.
     */
    private static JsonRequest resumable(
            HttpHead request, String bucket, ByteBuffer beginning, long bodyBytes, boolean isGzip) throws IOException {
        if (request.words().get(0).equals("POST")) {
            Map<String, Object> resource = map(body(beginning, bodyBytes), isGzip);
            return new JsonRequest(Kind.START, bucket, string(resource, "name"), resource, 0, List.of());
        }
        Matcher range = WHOLE.matcher(request.header("content-range").orElse(""));
        String name = request.query().getOrDefault(UPLOAD_ID, "");
        if (!range.matches() || Long.parseLong(range.group(1)) + 1 != Long.parseLong(range.group(2))) {
            return other();
        }
        Map<String, Object> resource = XmlResponses.checksum(request)
                .<Map<String, Object>>map(value -> Map.of(JsonResponses.CRC32C, value))
                .orElse(Map.of());
        return new JsonRequest(Kind.INSERT, bucket, name, resource, bodyBytes, List.of());
    }

    /** What answers a {@link Kind#START}: the name is the id, and so nothing has to be kept. */
    String uploadTarget() {
        String id = URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
        return "/upload/storage/v1/b/" + bucket + "/o?uploadType=resumable&" + UPLOAD_ID + "=" + id;
    }

    private static byte[] body(ByteBuffer beginning, long bodyBytes) throws IOException {
        if (bodyBytes > beginning.remaining()) {
            throw new IOException("a request of " + bodyBytes + " bytes");
        }
        byte[] body = new byte[beginning.remaining()];
        beginning.get(body);
        return body;
    }

    private static JsonRequest compose(String bucket, String name, ByteBuffer beginning, long bodyBytes, boolean isGzip)
            throws IOException {
        Map<String, Object> request = map(body(beginning, bodyBytes), isGzip);
        List<String> sources = new ArrayList<>();
        if (request.get("sourceObjects") instanceof List<?> list) {
            for (Object source : list) {
                sources.add(string(object(source), "name"));
            }
        }
        return new JsonRequest(Kind.COMPOSE, bucket, name, object(request.get("destination")), 0, sources);
    }

    private static Map<String, Object> map(byte[] json, boolean isGzip) throws IOException {
        InputStream bytes = new ByteArrayInputStream(json);
        try (InputStream input = isGzip ? new GZIPInputStream(bytes) : bytes) {
            return JSON.std.mapFrom(input);
        }
    }

    @SuppressWarnings("unchecked") // names in JSON are strings
    private static Map<String, Object> object(Object value) throws IOException {
        if (value instanceof Map<?, ?> map) {
            return (Map<String, Object>) map;
        }
        throw new IOException("not a JSON object: " + value);
    }

    private static String string(Map<String, Object> object, String name) throws IOException {
        if (object.get(name) instanceof String value) {
            return value;
        }
        throw new IOException("no " + name + " in " + object);
    }
}
