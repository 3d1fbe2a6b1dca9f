package io.blobstore.gcs.fake;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What the JSON API says of buckets and objects. */
final class Resources {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    /** What metadata may say; much of it only the server does, and ignores. */
    private static final Set<String> KNOWN = Set.of(
            "kind",
            "id",
            "name",
            "bucket",
            "generation",
            "metageneration",
            "size",
            "crc32c",
            "md5Hash",
            "contentType",
            "contentEncoding",
            "metadata",
            "storageClass",
            "timeCreated",
            "updated",
            "etag",
            "kmsKeyName",
            "customerEncryption");

    private Resources() {}

    static JsonObject bucket(String bucket, Instant time) {
        JsonObject json = new JsonObject();
        json.addProperty("kind", "storage#bucket");
        json.addProperty("id", bucket);
        json.addProperty("name", bucket);
        json.addProperty("location", "US");
        json.addProperty("locationType", "multi-region");
        json.addProperty("storageClass", "STANDARD");
        json.addProperty("metageneration", "1");
        json.addProperty("timeCreated", TIME.format(time));
        json.addProperty("updated", TIME.format(time));
        json.addProperty("etag", "CAE=");
        return json;
    }

    /**
     * An object.
     *
     * @param withKey whether the request had the customer's key, without which checksums are not told
     */
    static JsonObject object(FakeObject object, boolean withKey) {
        JsonObject json = new JsonObject();
        json.addProperty("kind", "storage#object");
        json.addProperty("id", object.bucket() + "/" + object.name() + "/" + object.generation());
        json.addProperty("name", object.name());
        json.addProperty("bucket", object.bucket());
        json.addProperty("generation", Long.toString(object.generation()));
        json.addProperty("metageneration", "1");
        json.addProperty("size", Long.toString(object.size()));
        if (withKey || object.customerKeySha256().isEmpty()) {
            json.addProperty("crc32c", object.crc32c().base64());
            object.md5().ifPresent(md5 -> json.addProperty("md5Hash", md5));
        }
        object.contentType().ifPresent(type -> json.addProperty("contentType", type));
        object.contentEncoding().ifPresent(coding -> json.addProperty("contentEncoding", coding));
        if (!object.metadata().isEmpty()) {
            JsonObject metadata = new JsonObject();
            object.metadata().forEach(metadata::addProperty);
            json.add("metadata", metadata);
        }
        json.addProperty("storageClass", object.storageClass());
        json.addProperty("timeCreated", TIME.format(object.updated()));
        json.addProperty("updated", TIME.format(object.updated()));
        json.addProperty("etag", etag(object));
        object.kmsKeyName().ifPresent(name -> json.addProperty("kmsKeyName", name + "/cryptoKeyVersions/1"));
        object.customerKeySha256().ifPresent(sha256 -> {
            JsonObject encryption = new JsonObject();
            encryption.addProperty("encryptionAlgorithm", "AES256");
            encryption.addProperty("keySha256", sha256);
            json.add("customerEncryption", encryption);
        });
        return json;
    }

    static String etag(FakeObject object) {
        return Base64.getEncoder().encodeToString(FakeObjects.utf8("g" + object.generation()));
    }

    /** Reads metadata that a request brings. */
    static JsonObject parse(byte[] body) throws Refusal {
        if (body.length == 0) {
            return new JsonObject();
        }
        try {
            JsonObject json = JsonParser.parseString(new String(body, StandardCharsets.UTF_8))
                    .getAsJsonObject();
            for (String key : json.keySet()) {
                if (!KNOWN.contains(key)) {
                    throw Refusal.invalid("This fake keeps no " + key + " of an object.");
                }
            }
            return json;
        } catch (JsonParseException | IllegalStateException e) {
            throw Refusal.badRequest("ParseError", "Parse Error");
        }
    }

    static Optional<String> text(JsonObject json, String name) throws Refusal {
        JsonElement value = json.get(name);
        if (value == null || value.isJsonNull()) {
            return Optional.empty();
        }
        if (!value.isJsonPrimitive()) {
            throw Refusal.invalid("Invalid value for: " + name);
        }
        return Optional.of(value.getAsString());
    }

    /**
     * What a request's metadata says that is to be stored.
     *
     * @param contentType if the metadata says none
     */
    static Attributes attributes(
            JsonObject json, Optional<String> contentType, Optional<String> kmsKeyName, Optional<CustomerKey> key)
            throws Refusal {
        Map<String, String> metadata = new TreeMap<>();
        if (json.has("metadata") && !json.get("metadata").isJsonNull()) {
            if (!json.get("metadata").isJsonObject()) {
                throw Refusal.invalid("Invalid value for: metadata");
            }
            JsonObject pairs = json.getAsJsonObject("metadata");
            for (String name : pairs.keySet()) {
                Optional<String> value = text(pairs, name);
                value.ifPresent(present -> metadata.put(name, present));
            }
        }
        Optional<String> type = text(json, "contentType");
        Optional<String> kms = kmsKeyName.isPresent() ? kmsKeyName : text(json, "kmsKeyName");
        return Attributes.of(
                type.isPresent() ? type : contentType,
                text(json, "contentEncoding"),
                metadata,
                text(json, "storageClass"),
                kms,
                key);
    }
}
