package io.blobstore.gcs.fake;

import static io.blobstore.gcs.fake.ErrorResponse.require;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.blobstore.http.ScriptedResponse;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Creates and parses the documents of the JSON API. */
final class Json {
    static final String TYPE = "application/json; charset=UTF-8";

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    /** The fields that an object's resource in a request may have. */
    private static final String KNOWN = "name|bucket|crc32c|md5Hash|contentType|metadata|storageClass|kmsKeyName"
            + "|customTime|contexts|" + String.join("|", Attributes.CONTENT_HEADERS.keySet());

    private Json() {}

    /** Creates an object from names and values; an empty optional is omitted. */
    static JsonObject of(Object... pairs) {
        JsonObject json = new JsonObject();
        for (int i = 0; i < pairs.length; i += 2) {
            set(json, (String) pairs[i], pairs[i + 1]);
        }
        return json;
    }

    static void set(JsonObject json, String name, Object value) {
        if (value instanceof Optional<?> optional) {
            optional.ifPresent(present -> set(json, name, present));
        } else if (value instanceof JsonElement element) {
            json.add(name, element);
        } else if (value instanceof Boolean bool) {
            json.addProperty(name, bool);
        } else {
            json.addProperty(name, value.toString()); // numbers too, as they have 64 bits
        }
    }

    static ScriptedResponse response(JsonElement body) {
        return ScriptedResponse.of(200, TYPE, body.toString());
    }

    static ScriptedResponse error(int status, String reason, String message) {
        JsonArray details = new JsonArray();
        details.add(of("domain", "global", "reason", reason, "message", message));
        JsonObject error = of("message", message, "errors", details);
        error.addProperty("code", status);
        return ScriptedResponse.of(status, TYPE, of("error", error).toString());
    }

    /**
     * Returns the resource of an object.
     *
     * @param withKey whether the request had the customer's key, without which there are no checksums
     */
    static JsonObject object(FakeObject object, boolean withKey) {
        JsonObject json = of("kind", "storage#object", "name", object.name(), "bucket", object.bucket());
        set(json, "generation", object.generation());
        set(json, "size", object.content().length);
        set(json, "updated", TIME.format(object.updated()));
        if (withKey || object.attributes().keySha256().isEmpty()) {
            set(json, "crc32c", object.hashes().crc32c().base64());
            set(json, "md5Hash", object.hashes().md5());
        }
        set(json, "contentType", object.attributes().contentType());
        Attributes.CONTENT_HEADERS.forEach((name, header) -> set(
                json,
                name,
                Optional.ofNullable(object.attributes().contentHeaders().get(header))));
        set(json, "customTime", object.attributes().customTime());
        set(json, "contexts", object.attributes().contexts());
        set(json, "storageClass", object.attributes().storageClass());
        JsonObject metadata = new JsonObject();
        object.attributes().metadata().forEach(metadata::addProperty);
        if (metadata.size() > 0) {
            json.add("metadata", metadata);
        }
        return json;
    }

    /** Parses the resource of an object in a request. */
    static JsonObject parse(byte[] body) {
        try {
            JsonElement parsed = body.length == 0 ? new JsonObject() : JsonParser.parseString(new String(body, UTF_8));
            for (String key : parsed.getAsJsonObject().keySet()) {
                require(key.matches(KNOWN), "This fake does not store '" + key + "' of an object.");
            }
            return parsed.getAsJsonObject();
        } catch (JsonParseException | IllegalStateException e) {
            throw ErrorResponse.invalid("Parse Error");
        }
    }

    static Optional<String> text(JsonObject json, String name) {
        JsonElement value = json.get(name);
        if (value == null || value.isJsonNull()) {
            return Optional.empty();
        }
        require(value.isJsonPrimitive(), "Invalid value for: " + name);
        return Optional.of(value.getAsString());
    }

    /** Returns the attributes in an object's resource, which takes precedence over {@code contentType}. */
    static Attributes attributes(
            JsonObject json, Optional<String> contentType, Optional<String> kmsKeyName, Optional<String> keySha256) {
        Map<String, String> metadata = new TreeMap<>();
        if (json.get("metadata") instanceof JsonObject pairs) {
            pairs.keySet().forEach(name -> text(pairs, name).ifPresent(value -> metadata.put(name, value)));
        }
        Map<String, String> contentHeaders = new TreeMap<>();
        Attributes.CONTENT_HEADERS.forEach(
                (name, header) -> text(json, name).ifPresent(value -> contentHeaders.put(header, value)));
        return new Attributes(
                text(json, "contentType").or(() -> contentType),
                contentHeaders,
                text(json, "customTime"),
                Optional.ofNullable(json.get("contexts")),
                metadata,
                text(json, "storageClass").orElse(Attributes.DEFAULT_CLASS),
                kmsKeyName.or(() -> text(json, "kmsKeyName")),
                keySha256);
    }
}
