package io.blobstore.split.oci;

import io.blobstore.Sha256;
import io.blobstore.split.internal.json.JsonFormatException;
import io.blobstore.split.internal.json.JsonObject;
import io.blobstore.split.internal.json.JsonReader;
import io.blobstore.split.oci.OciLayoutException.Reason;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Parses the JSON documents of a layout. What is wrong names the document. */
final class OciDocuments {
    private static final String SHA_256 = "sha256:";

    /** The longest media type that is taken; RFC 6838 allows 255. */
    private static final int MAX_TYPE = 255;

    private final Path layout;

    OciDocuments(Path layout) {
        this.layout = layout;
    }

    /** Takes something from a document. */
    @FunctionalInterface
    interface Extraction<T> {
        T from(JsonObject document) throws JsonFormatException, OciLayoutException;
    }

    /**
     * Parses a document.
     *
     * @param document its digest, or its file's name
     */
    <T> T parse(String document, ByteBuffer text, Extraction<T> extraction) throws OciLayoutException {
        try {
            return extraction.from(JsonReader.parseObject(text));
        } catch (JsonFormatException e) {
            throw failure(Reason.MALFORMED, document, "it is malformed: " + e.getMessage(), e);
        }
    }

    /** Returns the descriptors in an array of objects. */
    List<OciDescriptor> descriptors(String document, List<JsonObject> objects)
            throws JsonFormatException, OciLayoutException {
        List<OciDescriptor> descriptors = new ArrayList<>();
        for (JsonObject object : objects) {
            descriptors.add(descriptor(document, object));
        }
        return List.copyOf(descriptors);
    }

    /** Returns a descriptor. */
    OciDescriptor descriptor(String document, JsonObject object) throws JsonFormatException, OciLayoutException {
        String type = object.string("mediaType");
        if (type.isEmpty() || type.length() > MAX_TYPE || !type.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw failure(Reason.MALFORMED, document, "it has an invalid media type", null);
        }
        long size = object.integer("size");
        if (size < 0) {
            throw failure(Reason.MALFORMED, document, "it refers to a blob of " + size + " bytes", null);
        }
        Optional<JsonObject> annotations = object.optionalObject("annotations");
        return new OciDescriptor(
                type,
                digest(document, object.string("digest")),
                size,
                platform(object.optionalObject("platform")),
                annotations.isPresent() ? annotations.get().stringMembers() : Map.of());
    }

    /** Returns a digest: only its hex digits become part of a path. */
    Sha256 digest(String document, String text) throws OciLayoutException {
        String hex = text.startsWith(SHA_256) ? text.substring(SHA_256.length()) : "";
        if (hex.matches("[0-9a-f]{64}")) {
            return Sha256.parse(hex);
        }
        String shown = text.length() > 100 ? text.substring(0, 100) + "…" : text;
        if (text.matches("[a-z0-9]+([+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+") && hex.isEmpty()) {
            throw failure(
                    Reason.UNSUPPORTED,
                    document,
                    "it refers to '" + shown + "', but only digests of sha256 are supported",
                    null);
        }
        throw failure(Reason.MALFORMED, document, "it refers to '" + shown + "', which is no digest", null);
    }

    private static Optional<OciPlatform> platform(Optional<JsonObject> object) throws JsonFormatException {
        return object.isEmpty()
                ? Optional.empty()
                : Optional.of(new OciPlatform(
                        object.get().string("os"),
                        object.get().string("architecture"),
                        object.get().optionalString("variant")));
    }

    OciLayoutException failure(Reason reason, @Nullable String blob, String problem, @Nullable Throwable cause) {
        return new OciLayoutException(reason, layout, blob, problem, cause);
    }
}
