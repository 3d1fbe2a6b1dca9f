package io.blobstore.gcs.fake;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.blobstore.http.ScriptedResponse;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Handles batches of the JSON API: several requests without content in one. */
final class JsonBatch {
    private static final int MAX_REQUESTS = 100;
    private static final Pattern BOUNDARY = Pattern.compile("(?i)multipart/mixed;.*?boundary=\"?([^\";\\s]+)\"?.*");
    /** The header of a part, its request line, and the header of its request. */
    private static final Pattern PART =
            Pattern.compile("\r\n(.*?)\r\n\r\n(GET|DELETE) (\\S+) HTTP/1\\.1\r\n(.*)", Pattern.DOTALL);

    private JsonBatch() {}

    static ScriptedResponse handle(Request batch, Function<Request, ScriptedResponse> handler) {
        Matcher type = BOUNDARY.matcher(batch.header("Content-Type").orElse(""));
        require(type.matches(), "it is not multipart/mixed");
        String body = "\r\n" + new String(batch.content(), UTF_8);
        String[] pieces = body.split(Pattern.quote("\r\n--" + type.group(1)), -1);
        int last = pieces.length - 1;
        require(last >= 2 && pieces[0].isEmpty() && pieces[last].startsWith("--"), "its parts are not delimited");
        require(last - 1 <= MAX_REQUESTS, "it has more than " + MAX_REQUESTS + " calls");
        StringBuilder responses = new StringBuilder();
        for (int i = 1; i < last; i++) {
            responses.append(part(batch, pieces[i], handler));
        }
        return ScriptedResponse.of(200, "multipart/mixed; boundary=batch_fake", responses + "--batch_fake--\r\n");
    }

    private static void require(boolean condition, String problem) {
        ErrorResponse.require(condition, "Failed to parse batch request: " + problem);
    }

    private static String part(Request batch, String piece, Function<Request, ScriptedResponse> handler) {
        Matcher part = PART.matcher(piece);
        require(part.matches(), "a part is not a request that this fake knows");
        Map<String, String> head = headers(part.group(1));
        require(head.getOrDefault("Content-Type", "").startsWith("application/http"), "a part is not application/http");
        Map<String, String> headers = headers(part.group(4));
        batch.header("Authorization").ifPresent(value -> headers.putIfAbsent("Authorization", value));
        String target = part.group(3).replaceFirst("(?i)^https?://[^/]+", "");
        ScriptedResponse response = handler.apply(Request.of(part.group(2), target, headers, new byte[0]));
        String id = head.getOrDefault("Content-ID", "").replaceFirst("^<?", "$0response-");
        String fields = String.join(
                "\r\n", response.with("Content-Length", response.body().length).fields());
        return "--batch_fake\r\nContent-Type: application/http\r\nContent-ID: " + id + "\r\n\r\nHTTP/1.1 "
                + response.status() + " status\r\n" + fields + "\r\n\r\n" + response.text() + "\r\n";
    }

    private static Map<String, String> headers(String lines) {
        Map<String, String> headers = Request.newHeaders();
        for (String line : lines.split("\r\n")) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                Request.add(
                        headers,
                        line.substring(0, colon),
                        line.substring(colon + 1).strip());
            }
        }
        return headers;
    }
}
