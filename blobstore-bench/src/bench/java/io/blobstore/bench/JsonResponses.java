package io.blobstore.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.bench.StoredObjects.Stored;
import io.blobstore.bench.XmlResponses.Answer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the JSON API of Cloud Storage would answer, without looking at preconditions and without keeping content. An
 * object that was not uploaded is the {@link ServedObject}. Thread-safe.
 */
final class JsonResponses {
    /** Of a resource: its CRC32C in Base64. */
    static final String CRC32C = "crc32c";

    private final ServedObject served;
    private final StoredObjects objects;

    JsonResponses(ServedObject served, StoredObjects objects) {
        this.served = served;
        this.objects = objects;
    }

    /**
     * The answer to a request whose body has been read.
     *
     * @param origin of this server, as the client sees it
     */
    Answer answer(JsonRequest request, String origin) throws IOException {
        return switch (request.kind()) {
            case INSERT -> {
                Optional<String> checksum =
                        Optional.ofNullable(request.resource().get(CRC32C)).map(Object::toString);
                yield store(request, new Stored(request.contentSize(), checksum, objects.newEtag()));
            }
            case START -> Answer.of("200 OK", Map.of("Location", origin + request.uploadTarget()), "");
            case COMPOSE -> compose(request);
            case GET -> resource(request, objects.find(request.path()).orElseGet(served::asStored));
            case DELETE -> Answer.of(objects.remove(request.path()) ? "204 No Content" : "404 Not Found", Map.of(), "");
            case DOWNLOAD, OTHER -> Answer.of("501 Not Implemented", Map.of(), "");
        };
    }

    /**
     * The answer to a {@link JsonRequest.Kind#DOWNLOAD}.
     *
     * @param content what the XML API would answer
     */
    Answer download(Answer content) {
        Map<String, String> headers = new HashMap<>(content.headers());
        headers.put("Content-Type", "application/octet-stream");
        headers.put("x-goog-metageneration", "1");
        headers.put("x-goog-storage-class", "STANDARD");
        // That of the whole, with ranges too. The SDK verifies what it reads as a whole, unless the answer says how the
        // object is stored (x-goog-stored-content-...): then it takes the content for decoded.
        headers.put("x-goog-hash", "crc32c=" + served.checksum().base64());
        return new Answer(content.status(), headers, content.text(), content.from(), content.to(), content.length());
    }

    private Answer compose(JsonRequest request) throws IOException {
        List<Stored> sources = new ArrayList<>();
        for (String path : request.sourcePaths()) {
            Optional<Stored> source = objects.find(path);
            if (source.isEmpty()) {
                return Answer.of("404 Not Found", Map.of(), path);
            }
            sources.add(source.get());
        }
        return store(request, Stored.concatenation(sources, objects.newEtag()));
    }

    private Answer store(JsonRequest request, Stored object) throws IOException {
        objects.put(request.path(), object);
        return resource(request, object);
    }

    private static Answer resource(JsonRequest request, Stored object) throws IOException {
        // What was said of it is repeated: by its user metadata, the SDK knows which part of a composite upload an
        // object is.
        Map<String, Object> resource = new LinkedHashMap<>(request.resource());
        resource.put("kind", "storage#object");
        resource.put("bucket", request.bucket());
        resource.put("name", request.name());
        resource.put("generation", "1");
        resource.put("metageneration", "1");
        resource.put("size", Long.toString(object.size()));
        resource.put("etag", object.etag());
        resource.put("updated", "2026-01-01T00:00:00.000Z");
        resource.remove(CRC32C);
        // Of a composite upload, the SDK compares that of the whole with what it has sent.
        object.checksum().ifPresent(value -> resource.put(CRC32C, value));
        return Answer.of(
                "200 OK", Map.of("Content-Type", "application/json; charset=UTF-8"), JSON.std.asString(resource));
    }
}
