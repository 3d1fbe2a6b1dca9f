package io.blobstore.gcs.fake;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.blobstore.http.ScriptedExchange;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;

/**
 * A complete request.
 *
 * @param path as it was sent
 * @param query decoded, in the order in which it was sent
 * @param headers by name, in any case; the values of one name are joined
 */
record Request(String method, String path, Map<String, String> query, Map<String, String> headers, byte[] body) {

    static Request of(ScriptedExchange exchange, byte[] body) {
        Map<String, String> headers = newHeaders();
        exchange.headers().forEach((name, value) -> add(headers, name, value));
        return of(exchange.method(), exchange.target(), headers, body);
    }

    static Request of(String method, String target, Map<String, String> headers, byte[] body) {
        int mark = (target + "?").indexOf('?');
        Map<String, String> query = new LinkedHashMap<>();
        for (String pair : target.substring(Math.min(target.length(), mark + 1)).split("&")) {
            String[] split = (pair + "=").split("=", 3);
            String name = decode(split[0].replace("+", "%20"));
            boolean twice = !name.isEmpty() && query.put(name, decode(split[1].replace("+", "%20"))) != null;
            ErrorResponse.require(!twice, "Parameter given twice: " + name);
        }
        return new Request(method, target.substring(0, mark), query, headers, body);
    }

    static Map<String, String> newHeaders() {
        return new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    }

    static void add(Map<String, String> headers, String name, String value) {
        headers.merge(name, value, (first, next) -> first + "," + next);
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    Optional<String> parameter(String name) {
        return Optional.ofNullable(query.get(name));
    }

    boolean has(String name) {
        return query.containsKey(name);
    }

    /** Returns the value of a parameter that is a number, 0 or more. */
    Optional<Long> number(String name) {
        return parameter(name).map(text -> number(name, text));
    }

    static long number(String name, String text) {
        ErrorResponse.require(text.matches("[0-9]{1,18}"), "Invalid value '" + text + "' for " + name);
        return Long.parseLong(text);
    }

    /** Refuses parameters that the fake would ignore. {@code known} has the names, separated by "|". */
    void allow(String known) {
        for (String name : query.keySet()) {
            ErrorResponse.require(name.matches("X-Goog-.*|\\$\\..*|" + known), "Unknown parameter: " + name);
        }
    }

    void requireLength() {
        if (header("Content-Length").isEmpty() && header("Transfer-Encoding").isEmpty()) {
            String message = "You must provide the Content-Length HTTP header.";
            throw new ErrorResponse(411, "MissingContentLength", "required", message);
        }
    }

    /** Returns the body without its content coding. */
    byte[] content() {
        String coding = header("Content-Encoding").orElse("identity");
        try {
            return switch (coding) {
                case "identity" -> body;
                case "gzip" -> new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes();
                default -> throw ErrorResponse.invalid("Unknown Content-Encoding: " + coding);
            };
        } catch (IOException e) {
            throw ErrorResponse.invalid("The body is not gzip.");
        }
    }

    // ---- texts

    static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    /** Decodes a segment of a path. */
    static String decode(String text) {
        try {
            String decoded = URLDecoder.decode(text.replace("+", "%2B"), UTF_8);
            if (decoded.indexOf('\uFFFD') < 0 || text.contains("%EF%BF%BD")) {
                return decoded;
            }
        } catch (IllegalArgumentException e) {
            // refused below
        }
        throw ErrorResponse.invalid("'" + text + "' is not percent-encoded UTF-8");
    }

    /** Decodes a token that the fake has returned. */
    static String decodeBase64(String token) {
        try {
            return new String(Base64.getUrlDecoder().decode(token), UTF_8);
        } catch (IllegalArgumentException e) {
            throw ErrorResponse.invalid("Invalid token: " + token);
        }
    }

    /** Encodes all but unreserved characters (RFC 3986, section 2.3). */
    static String encode(String text) {
        String form = URLEncoder.encode(text, UTF_8);
        return form.replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
    }
}
