package io.blobstore.gcs;

import com.google.api.client.googleapis.json.GoogleJsonError;
import com.google.api.client.http.HttpResponseException;
import com.google.api.client.json.gson.GsonFactory;
import com.google.api.client.util.Key;
import com.google.cloud.storage.StorageException;
import io.blobstore.http.Causes;
import io.blobstore.http.HttpResponse;
import io.blobstore.http.XmlResponse;
import io.blobstore.http.objects.ErrorResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Parses Cloud Storage's error responses, whose body is XML, JSON or empty. */
final class GcsErrorResponse {
    private GcsErrorResponse() {}

    /** Parses the response to a request of the data plane: the XML API's code, or the JSON API's reason. */
    static ErrorResponse of(HttpResponse response) {
        XmlResponse xml = XmlResponse.of(response.body().bytes());
        if (xml.root().equals("Error")) {
            String details = xml.text("Details").map(text -> " " + text).orElse("");
            return ErrorResponse.of(
                    response, xml.text("Code").orElse(""), xml.text("Message").orElse("") + details);
        }
        GoogleJsonError json = json(new String(response.body().bytes(), StandardCharsets.UTF_8));
        if (json == null) {
            return ErrorResponse.of(response, "", "");
        }
        return ErrorResponse.of(response, reason(json), String.valueOf(json.getMessage()));
    }

    /** Converts the response to a request of the SDK, which does not parse all responses: not those to batches. */
    static ErrorResponse of(StorageException problem) {
        String reason = problem.getReason();
        if (reason == null) {
            reason = Causes.find(problem, HttpResponseException.class)
                    .map(response -> json(String.valueOf(response.getContent())))
                    .map(GcsErrorResponse::reason)
                    .orElse("");
        }
        return ErrorResponse.of(problem.getCode(), reason, String.valueOf(problem.getMessage()));
    }

    private static String reason(GoogleJsonError json) {
        return json.getErrors() == null || json.getErrors().isEmpty()
                ? ""
                : String.valueOf(json.getErrors().get(0).getReason());
    }

    private static @Nullable GoogleJsonError json(String text) {
        try {
            JsonBody body = GsonFactory.getDefaultInstance().fromString(text, JsonBody.class);
            return body == null ? null : body.error;
        } catch (IOException | IllegalArgumentException e) {
            return null; // not JSON: only the status is known
        }
    }

    /** The root of an error of the JSON API. */
    public static final class JsonBody {
        /** The error, if the body has one. */
        @Key
        public @Nullable GoogleJsonError error;

        /** Creates a body without an error, for the parser. */
        public JsonBody() {}
    }
}
