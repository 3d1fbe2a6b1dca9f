package io.blobstore.gcs.fake;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.blobstore.http.ScriptedFault;
import io.blobstore.http.ScriptedResponse;
import java.util.List;

/** Faults that are specific to Cloud Storage. */
public final class GcsFaults {
    private static final String WRONG_CRC = "AAAAAQ==";

    private GcsFaults() {}

    /**
     * Responds with an error of the JSON API; the request is not handled.
     *
     * @param reason such as {@code backendError}
     */
    public static ScriptedFault json(int status, String reason, String message) {
        return ScriptedFault.respond(Json.error(status, reason, message));
    }

    /**
     * Responds with an error of the XML API; the request is not handled.
     *
     * @param code such as {@code SlowDown}
     * @param fields of the response, as whole lines
     */
    public static ScriptedFault xml(int status, String code, String message, String... fields) {
        return ScriptedFault.respond(Xml.error(status, code, message).with(List.of(fields)));
    }

    /** Handles the request and responds without the header fields of these names. */
    public static ScriptedFault omitting(String... names) {
        return ScriptedFault.changing(response -> response.without(names));
    }

    /** Handles the request and responds with another CRC32C, in {@code x-goog-hash} and in JSON. */
    public static ScriptedFault wrongHash() {
        return ScriptedFault.changing(GcsFaults::withWrongHash);
    }

    private static ScriptedResponse withWrongHash(ScriptedResponse response) {
        List<String> fields = response.fields().stream()
                .map(field -> field.replaceFirst("^(x-goog-hash: .*?crc32c=)[^,]*", "$1" + WRONG_CRC))
                .toList();
        ScriptedResponse changed = new ScriptedResponse(response.status(), fields, response.body());
        if (!fields.contains("Content-Type: " + Json.TYPE)) {
            return changed;
        }
        JsonObject json = JsonParser.parseString(response.text()).getAsJsonObject();
        JsonObject object = json.has("resource") ? json.getAsJsonObject("resource") : json;
        if (object.has("crc32c")) {
            object.addProperty("crc32c", WRONG_CRC);
        }
        return changed.withBody(Request.utf8(json.toString()));
    }
}
