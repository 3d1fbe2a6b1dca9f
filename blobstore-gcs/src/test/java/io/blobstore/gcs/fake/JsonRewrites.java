package io.blobstore.gcs.fake;

import com.google.gson.JsonObject;
import io.blobstore.http.ScriptedResponse;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Copies of the JSON API, which may take several requests. Thread-safe. */
final class JsonRewrites {
    private static final long MIB = 1 << 20;
    private static final String PARAMETERS = "sourceGeneration|ifSourceGenerationMatch|ifGenerationMatch|rewriteToken"
            + "|maxBytesRewrittenPerCall|destinationKmsKeyName" + JsonApi.COMMON;

    private final FakeObjects objects;
    private final Map<String, Progress> running = new HashMap<>();
    private volatile long step = Long.MAX_VALUE;
    private int tokens;

    /** A copy that is not complete. It fails if the source is replaced. */
    private record Progress(String copy, long done) {}

    JsonRewrites(FakeObjects objects) {
        this.objects = objects;
    }

    void inStepsOf(long bytes) {
        step = bytes;
    }

    synchronized ScriptedResponse handle(String bucket, String name, String toBucket, String toName, Request request) {
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
        long done = Math.min(source.content().length, before + perCall(request));
        JsonObject body = Json.of("kind", "storage#rewriteResponse", "done", done == source.content().length);
        Json.set(body, "totalBytesRewritten", done);
        Json.set(body, "objectSize", source.content().length);
        if (done < source.content().length) {
            String token = "rewrite-token-" + ++tokens;
            running.put(token, new Progress(copy, done));
            Json.set(body, "rewriteToken", token);
        } else { // with the checksums that the source was stored with
            FakeObject stored = objects.put(toBucket, toName, source.content(), source.hashes(), attributes, ifMatch);
            Json.set(body, "resource", Json.object(stored, true));
        }
        return Json.response(body);
    }

    private long done(String copy, String token) {
        Progress progress = running.get(token);
        ErrorResponse.require(progress != null && progress.copy().equals(copy), "Invalid rewrite token: " + token);
        return progress.done();
    }

    private long perCall(Request request) {
        long wanted = request.number("maxBytesRewrittenPerCall").orElse(1L << 40);
        boolean valid = wanted > 0 && wanted % MIB == 0;
        ErrorResponse.require(valid, "maxBytesRewrittenPerCall must be an integral multiple of 1 MiB");
        return Math.min(step, wanted);
    }

    /** Returns the attributes in the body, which replace those of the source; without a body, those are kept. */
    private static Attributes attributes(FakeObject source, Request request) {
        Optional<String> key = CustomerKey.sha256(request, CustomerKey.OBJECT);
        Optional<String> kmsKeyName = request.parameter("destinationKmsKeyName");
        JsonObject metadata = Json.parse(request.content());
        return metadata.size() == 0
                ? source.attributes().encrypted(kmsKeyName, key)
                : Json.attributes(metadata, Optional.empty(), kmsKeyName, key);
    }
}
