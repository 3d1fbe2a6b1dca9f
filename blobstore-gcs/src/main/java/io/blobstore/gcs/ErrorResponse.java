package io.blobstore.gcs;

import com.google.api.client.googleapis.json.GoogleJsonError;
import com.google.api.client.json.gson.GsonFactory;
import com.google.api.client.util.Key;
import com.google.cloud.storage.StorageException;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseText;
import io.blobstore.http.XmlResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the server said when it refused a request, in XML, in JSON, or not at all.
 *
 * @param code the XML API's code, or the JSON API's reason; empty if there is none, as in answers to HEAD
 * @param message for people, in one line; may be empty
 * @param retryAfter how long to leave the server alone
 */
record ErrorResponse(int status, String code, String message, Optional<Duration> retryAfter) {
    /** The error of a request of our own. */
    static ErrorResponse of(HttpResponse response) {
        Optional<Duration> retryAfter = response.header("Retry-After")
                .flatMap(text ->
                        ResponseText.retryAfter(text, response.header("Date").flatMap(ResponseText::date)));
        XmlResponse xml = XmlResponse.of(response.body().bytes());
        if (xml.root().equals("Error")) {
            String details = xml.text("Details").map(text -> " " + text).orElse("");
            return new ErrorResponse(
                    response.status(),
                    ResponseText.line(xml.text("Code").orElse("")),
                    ResponseText.line(xml.text("Message").orElse("") + details),
                    retryAfter);
        }
        GoogleJsonError json = json(response);
        if (json == null) {
            return new ErrorResponse(response.status(), "", "", retryAfter);
        }
        String reason = json.getErrors() == null || json.getErrors().isEmpty()
                ? ""
                : String.valueOf(json.getErrors().get(0).getReason());
        return new ErrorResponse(
                response.status(),
                ResponseText.line(reason),
                ResponseText.line(String.valueOf(json.getMessage())),
                retryAfter);
    }

    /** The error of a request of the SDK. */
    static ErrorResponse of(StorageException problem) {
        return new ErrorResponse(
                problem.getCode(),
                problem.getReason() == null ? "" : ResponseText.line(problem.getReason()),
                ResponseText.line(String.valueOf(problem.getMessage())),
                Optional.empty());
    }

    private static @Nullable GoogleJsonError json(HttpResponse response) {
        try {
            String text = new String(response.body().bytes(), StandardCharsets.UTF_8);
            JsonBody body = GsonFactory.getDefaultInstance().fromString(text, JsonBody.class);
            return body == null ? null : body.error;
        } catch (IOException | IllegalArgumentException e) {
            return null; // no JSON: the status has to do
        }
    }

    /** What errors of the JSON API are wrapped in. */
    public static final class JsonBody {
        /** The error. */
        @Key
        public @Nullable GoogleJsonError error;

        /** For the parser. */
        public JsonBody() {}
    }

    /** "NoSuchKey", or the status where there is no code. */
    String name() {
        return code.isEmpty() ? "HTTP " + status : code;
    }

    boolean is(String... codes) {
        return Set.of(codes).contains(code);
    }

    @Override
    public String toString() {
        return name() + (message.isEmpty() ? "" : ": " + message);
    }
}
