package io.blobstore.bench;

import io.blobstore.bench.XmlAnswers.Answer;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the JSON API of Cloud Storage would say of an object: that it is the {@link ServedObject}. */
final class JsonAnswers {
    private static final Pattern OBJECT = Pattern.compile("/storage/v1/b/[^/]+/o/(.+)");

    private final ServedObject served;

    JsonAnswers(ServedObject served) {
        this.served = served;
    }

    static boolean isJson(HttpHead request) {
        return XmlAnswers.path(request).startsWith("/storage/v1/");
    }

    /** The answer to a request without a body. */
    Answer answer(HttpHead request) {
        Matcher object = OBJECT.matcher(XmlAnswers.path(request));
        if (!request.words().get(0).equals("GET") || !object.matches()) {
            return Answer.of("501 Not Implemented", Map.of(), "");
        }
        return Answer.of(
                "200 OK",
                Map.of("Content-Type", "application/json; charset=UTF-8"),
                "{\"kind\": \"storage#object\", \"bucket\": \"" + Job.BUCKET + "\", \"name\": \"" + object.group(1)
                        + "\", \"generation\": \"1\", \"metageneration\": \"1\", \"size\": \"" + served.size()
                        + "\", \"updated\": \"2026-01-01T00:00:00.000Z\", \"crc32c\": \""
                        + served.checksum().base64() + "\"}");
    }
}
