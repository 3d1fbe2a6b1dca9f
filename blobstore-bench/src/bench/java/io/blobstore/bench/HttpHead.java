package io.blobstore.bench;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The first line and the headers of a request or response.
 *
 * @param words the first line, split at its first two spaces
 * @param headers header values by name in lower case
 * @param bytes the length of all of it, with the empty line
 */
record HttpHead(List<String> words, Map<String, String> headers, int bytes) {
    /** Parses the lines up to and including the empty line, of characters of one byte. */
    static HttpHead parse(String text) throws IOException {
        String[] lines = text.split("\r\n");
        List<String> words = List.of(lines[0].split(" ", 3));
        if (words.size() < 2) {
            throw new IOException("not HTTP: " + lines[0]);
        }
        Map<String, String> headers = new HashMap<>();
        for (String line : List.of(lines).subList(1, lines.length)) {
            String[] pair = line.split(":", 2);
            if (pair.length < 2) {
                throw new IOException("not a header: " + line);
            }
            headers.put(pair[0].toLowerCase(Locale.ROOT), pair[1].strip());
        }
        return new HttpHead(words, headers, text.length());
    }

    String method() {
        return words.get(0);
    }

    /** Returns the decoded path of a request. */
    String path() {
        return decode(words.get(1).split("\\?", 2)[0]);
    }

    /** Returns the decoded parameters of a request; a parameter without a value is empty. */
    Map<String, String> query() {
        Map<String, String> query = new HashMap<>();
        String[] target = words.get(1).split("\\?", 2);
        for (String parameter : target.length > 1 ? target[1].split("&") : new String[0]) {
            String[] pair = parameter.split("=", 2);
            query.put(decode(pair[0]), pair.length > 1 ? decode(pair[1]) : "");
        }
        return query;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    /** Returns whether a header has the given value, ignoring case. */
    boolean has(String name, String value) {
        return header(name).filter(value::equalsIgnoreCase).isPresent();
    }

    long contentLength() {
        return header("content-length").map(Long::parseLong).orElse(0L);
    }
}
