package io.blobstore.gcs.fake;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Batches of the JSON API: requests without content in one. */
final class JsonBatch {
    private static final int MAX_REQUESTS = 100;
    private static final Pattern BOUNDARY = Pattern.compile("(?i)multipart/mixed;.*?boundary=\"?([^\";\\s]+)\"?.*");
    private static final Pattern LINE = Pattern.compile("(GET|DELETE) (\\S+) HTTP/1\\.1");

    private final Function<Request, Answer> inner;

    /** @param inner carries out a request */
    JsonBatch(Function<Request, Answer> inner) {
        this.inner = inner;
    }

    Answer answer(Request batch) throws Refusal {
        String type = batch.header("Content-Type").orElse("");
        Matcher matcher = BOUNDARY.matcher(type);
        if (!matcher.matches()) {
            throw Refusal.invalid("A batch is multipart/mixed, and not: " + type);
        }
        // There is no content in it.
        String body = new String(batch.content(), StandardCharsets.UTF_8);
        String[] pieces = ("\r\n" + body).split(Pattern.quote("\r\n--" + matcher.group(1)), -1);
        if (pieces.length < 3 || !pieces[0].isEmpty() || !pieces[pieces.length - 1].startsWith("--")) {
            throw Refusal.invalid("Failed to parse batch request, error: its parts are not delimited.");
        }
        if (pieces.length - 2 > MAX_REQUESTS) {
            throw Refusal.invalid("The batch request has more than " + MAX_REQUESTS + " calls.");
        }
        StringBuilder answers = new StringBuilder();
        for (int i = 1; i < pieces.length - 1; i++) {
            answers.append(part(batch, pieces[i]));
        }
        return Answer.of(200, "multipart/mixed; boundary=batch_fake", answers + "--batch_fake--\r\n");
    }

    private String part(Request batch, String piece) throws Refusal {
        String[] split = piece.split("\r\n\r\n", 3);
        if (split.length < 2) {
            throw Refusal.invalid("Failed to parse batch request, error: a part has no head.");
        }
        Map<String, List<String>> head = fields(split[0].strip().split("\r\n", -1), 0);
        if (!head.getOrDefault("Content-Type", List.of("")).get(0).startsWith("application/http")) {
            throw Refusal.invalid("Failed to parse batch request, error: a part is no application/http.");
        }
        String[] lines = split[1].strip().split("\r\n", -1);
        Matcher line = LINE.matcher(lines[0]);
        if (!line.matches()) {
            throw Refusal.invalid("This fake takes no such request in a batch: " + lines[0]);
        }
        Map<String, List<String>> headers = fields(lines, 1);
        batch.header("Authorization").ifPresent(value -> headers.putIfAbsent("Authorization", List.of(value)));
        String target = line.group(2).replaceFirst("(?i)^https?://[^/]+", "");
        Answer answer = inner.apply(Request.of(line.group(1), target, headers, new byte[0]));
        String id = head.getOrDefault("Content-ID", List.of("")).get(0);
        StringBuilder text = new StringBuilder("--batch_fake\r\nContent-Type: application/http\r\n");
        if (!id.isEmpty()) {
            text.append("Content-ID: ")
                    .append(id.startsWith("<") ? "<response-" + id.substring(1) : "response-" + id)
                    .append("\r\n");
        }
        text.append("\r\nHTTP/1.1 ").append(answer.status()).append(" status\r\n");
        for (String field : answer.fields()) {
            text.append(field).append("\r\n");
        }
        return text.append("Content-Length: ")
                .append(answer.length())
                .append("\r\n\r\n")
                .append(answer.text())
                .append("\r\n")
                .toString();
    }

    private static Map<String, List<String>> fields(String[] lines, int from) {
        Map<String, List<String>> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (int i = from; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon > 0) {
                fields.computeIfAbsent(lines[i].substring(0, colon).toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                        .add(lines[i].substring(colon + 1).strip());
            }
        }
        return fields;
    }
}
