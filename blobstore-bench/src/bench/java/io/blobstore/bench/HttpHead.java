package io.blobstore.bench;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The first line and the headers of a request or response.
 *
 * @param words the first line, cut at its first two spaces: three words, or two for a status without reason
 * @param headers their names in lower case
 */
record HttpHead(List<String> words, Map<String, String> headers) {
    /** Reads what precedes the empty line. */
    static HttpHead parse(String text) throws IOException {
        String[] lines = text.split("\r\n");
        List<String> words = List.of(lines[0].split(" ", 3));
        if (words.size() < 2) {
            throw new IOException("not HTTP: " + lines[0]);
        }
        Map<String, String> headers = new LinkedHashMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon < 1) {
                throw new IOException("not a header: " + lines[i]);
            }
            headers.put(
                    lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                    lines[i].substring(colon + 1).strip());
        }
        return new HttpHead(words, headers);
    }

    /** The path of a request, decoded. */
    String path() {
        return decode(words.get(1).split("\\?", 2)[0]);
    }

    /** The parameters of a request, decoded; those without a value are empty. */
    Map<String, String> query() {
        Map<String, String> query = new HashMap<>();
        int start = words.get(1).indexOf('?');
        if (start >= 0) {
            for (String parameter : words.get(1).substring(start + 1).split("&")) {
                String[] pair = parameter.split("=", 2);
                query.put(decode(pair[0]), pair.length > 1 ? decode(pair[1]) : "");
            }
        }
        return query;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    /** Whether the body is cut into chunks. */
    boolean isChunked() {
        return header("transfer-encoding").filter("chunked"::equalsIgnoreCase).isPresent();
    }

    long contentLength() {
        return header("content-length").map(Long::parseLong).orElse(0L);
    }
}
