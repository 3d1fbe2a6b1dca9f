package io.blobstore.gcs.fake;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/**
 * A request that has arrived whole.
 *
 * @param path as it was sent
 * @param query decoded, in the order in which it was sent
 * @param headers by name, whatever its case; values are UTF-8
 */
record Request(
        String method,
        String path,
        List<Map.Entry<String, String>> query,
        Map<String, List<String>> headers,
        byte[] body) {

    static Request of(String method, String target, Map<String, List<String>> headers, byte[] body) throws Refusal {
        int mark = target.indexOf('?');
        List<Map.Entry<String, String>> query = new ArrayList<>();
        for (String pair : mark < 0 ? new String[0] : target.substring(mark + 1).split("&", -1)) {
            int equals = pair.indexOf('=');
            if (!pair.isEmpty()) {
                query.add(Map.entry(
                        Percent.decodeQuery(equals < 0 ? pair : pair.substring(0, equals)),
                        Percent.decodeQuery(equals < 0 ? "" : pair.substring(equals + 1))));
            }
        }
        return new Request(method, mark < 0 ? target : target.substring(0, mark), query, headers, body);
    }

    Optional<String> header(String name) {
        List<String> values = headers.getOrDefault(name, List.of());
        return values.isEmpty() ? Optional.empty() : Optional.of(String.join(",", values));
    }

    Optional<String> parameter(String name) {
        return query.stream()
                .filter(entry -> entry.getKey().equals(name))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    boolean has(String name) {
        return parameter(name).isPresent();
    }

    /** A parameter that is a number, 0 or more. */
    Optional<Long> number(String name) throws Refusal {
        Optional<String> text = parameter(name);
        return text.isEmpty() ? Optional.empty() : Optional.of(number(name, text.get()));
    }

    static long number(String name, String text) throws Refusal {
        if (!text.matches("[0-9]{1,18}")) {
            throw Refusal.invalid("Invalid value '" + text + "' for " + name);
        }
        return Long.parseLong(text);
    }

    /** Refuses a parameter that nothing here heeds, or that is there twice. */
    void allow(Set<String> known) throws Refusal {
        List<String> names = new ArrayList<>();
        for (Map.Entry<String, String> entry : query) {
            String name = entry.getKey();
            if (!known.contains(name) && !name.startsWith("X-Goog-") && !name.startsWith("$.")) {
                throw Refusal.invalid("Unknown parameter to this fake: " + name);
            }
            if (names.contains(name)) {
                throw Refusal.invalid("Parameter given twice: " + name);
            }
            names.add(name);
        }
    }

    /** The body without the coding it was sent in. */
    byte[] content() throws Refusal {
        String coding = header("Content-Encoding").orElse("identity").toLowerCase(Locale.ROOT);
        if (coding.equals("identity") || coding.isEmpty()) {
            return body;
        }
        if (!coding.equals("gzip")) {
            throw Refusal.invalid("Unknown Content-Encoding: " + coding);
        }
        try (GZIPInputStream input = new GZIPInputStream(new ByteArrayInputStream(body))) {
            return input.readAllBytes();
        } catch (IOException e) {
            throw Refusal.invalid("The body is not gzip.");
        }
    }
}
