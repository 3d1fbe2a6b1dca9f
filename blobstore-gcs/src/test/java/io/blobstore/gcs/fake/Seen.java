package io.blobstore.gcs.fake;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A request that has arrived at a {@link FakeGcs}.
 *
 * @param target path and query, as they were sent
 * @param headers by name, whatever its case
 * @param status of the answer; 0 as long as there is none, and if none was sent
 * @param bodyBytes how many bytes of its body arrived, as they were sent
 */
public record Seen(String method, String target, Map<String, List<String>> headers, int status, long bodyBytes) {
    /** The path as it was sent. */
    public String path() {
        int mark = target.indexOf('?');
        return mark < 0 ? target : target.substring(0, mark);
    }

    /** The query as it was sent, without its mark; empty if there is none. */
    public String query() {
        int mark = target.indexOf('?');
        return mark < 0 ? "" : target.substring(mark + 1);
    }

    /** Whether the query has a parameter of this name. */
    public boolean has(String parameter) {
        return List.of(query().split("&", -1)).stream()
                .anyMatch(pair -> pair.equals(parameter) || pair.startsWith(parameter + "="));
    }

    /** Whether it came to the JSON API. */
    public boolean isJson() {
        return JsonApi.isFor(path());
    }

    /** The value of a header field; of several, the first. */
    public Optional<String> header(String name) {
        return headers.getOrDefault(name, List.of()).stream().findFirst();
    }

    Seen answered(int with) {
        return new Seen(method, target, headers, with, bodyBytes);
    }

    /** Without headers, in which there are tokens and keys. */
    @Override
    public String toString() {
        return method + " " + target + " -> " + status;
    }
}
