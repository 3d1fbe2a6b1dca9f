package io.blobstore.gcs.fake;

import com.google.gson.JsonObject;
import io.blobstore.http.ScriptedResponse;
import java.util.Base64;
import java.util.Optional;

/** Handles copies by the JSON API, which may take several requests. Thread-safe. */
final class JsonRewrites {
    private static final String PARAMETERS = "sourceGeneration|ifSourceGenerationMatch|ifGenerationMatch|rewriteToken"
            + "|destinationKmsKeyName" + JsonApi.COMMON;

    private final FakeObjects objects;
    private volatile long step = 1L << 40;

    JsonRewrites(FakeObjects objects) {
        this.objects = objects;
    }

    void inStepsOf(long bytes) {
        step = bytes;
    }

    ScriptedResponse handle(String bucket, String name, String toBucket, String toName, Request request) {
        request.allow(PARAMETERS);
        objects.requireBucket(toBucket);
        FakeObject source = objects.get(
                bucket, name, request.number("sourceGeneration"), request.number("ifSourceGenerationMatch"));
        CustomerKey.require(source.attributes().keySha256(), CustomerKey.sha256(request, CustomerKey.SOURCE));
        Optional<Long> ifMatch = request.number("ifGenerationMatch");
        objects.requireWritable(toBucket, toName, ifMatch);
        Attributes attributes = attributes(source, request);

        String copy = String.join("\n", bucket, name, toBucket, toName, "" + source.generation());
        long before = request.parameter("rewriteToken")
                .map(token -> done(copy, token))
                .orElse(0L);
        long done = Math.min(source.content().length, before + step);
        JsonObject body = Json.of("kind", "storage#rewriteResponse", "done", done == source.content().length);
        Json.set(body, "totalBytesRewritten", done);
        Json.set(body, "objectSize", source.content().length);
        if (done < source.content().length) {
            Json.set(body, "rewriteToken", Base64.getUrlEncoder().encodeToString(Request.utf8(done + "\n" + copy)));
        } else { // with the checksums that the source was stored with
            FakeObject stored = objects.put(toBucket, toName, source.content(), source.hashes(), attributes, ifMatch);
            Json.set(body, "resource", Json.object(stored, true));
        }
        return Json.response(body);
    }

    /** Returns how many bytes are copied, by a token that is valid for this copy and this version of the source. */
    private static long done(String copy, String token) {
        String[] progress = Request.decodeBase64(token).split("\n", 2);
        ErrorResponse.require(progress[progress.length - 1].equals(copy), "Invalid rewrite token: " + token);
        return Request.number("rewriteToken", progress[0]);
    }

    /** Returns the attributes in the body, which replace all of the source; without a body, those of the source. */
    private static Attributes attributes(FakeObject source, Request request) {
        Optional<String> key = CustomerKey.sha256(request, CustomerKey.OBJECT);
        Optional<String> kmsKeyName = request.parameter("destinationKmsKeyName");
        JsonObject metadata = Json.parse(request.content());
        return metadata.size() == 0
                ? source.attributes().encrypted(kmsKeyName, key)
                : Json.attributes(metadata, Optional.empty(), kmsKeyName, key);
    }
}
