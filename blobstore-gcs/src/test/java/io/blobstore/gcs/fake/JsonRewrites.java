package io.blobstore.gcs.fake;

import com.google.gson.JsonObject;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Copies of the JSON API, in as many requests as it takes. Thread-safe. */
final class JsonRewrites {
    private static final long MIB = 1 << 20;
    private static final Set<String> PARAMETERS = Set.of(
            "sourceGeneration",
            "ifSourceGenerationMatch",
            "ifGenerationMatch",
            "rewriteToken",
            "maxBytesRewrittenPerCall",
            "destinationKmsKeyName",
            "alt",
            "fields",
            "projection",
            "prettyPrint",
            "userProject");

    private final FakeObjects objects;
    private final Map<String, Progress> running = new HashMap<>();
    private volatile long step = Long.MAX_VALUE;
    private int tokens;

    /** A copy that goes on. It fails if the source is replaced. */
    private record Progress(String what, long sourceGeneration, long done) {}

    JsonRewrites(FakeObjects objects) {
        this.objects = objects;
    }

    void inStepsOf(long bytes) {
        step = bytes;
    }

    synchronized Answer answer(String bucket, String name, String toBucket, String toName, Request request)
            throws Refusal {
        request.allow(PARAMETERS);
        objects.requireBucket(toBucket);
        FakeObject source = objects.get(
                bucket, name, request.number("sourceGeneration"), request.number("ifSourceGenerationMatch"));
        CustomerKey.requireFor(source, request, CustomerKey.SOURCE);
        Optional<Long> ifMatch = request.number("ifGenerationMatch");
        objects.requireWritable(toBucket, toName, ifMatch);
        Attributes attributes = attributes(source, request);

        String what = String.join("\n", bucket, name, toBucket, toName);
        long done = Math.min(source.size(), doneBefore(what, source, request) + perCall(request));
        if (done < source.size()) {
            String token = "rewrite-token-" + ++tokens;
            running.put(token, new Progress(what, source.generation(), done));
            JsonObject body = body(source, done);
            body.addProperty("rewriteToken", token);
            return Answer.json(body);
        }
        // What was stored is copied with the checksums it was stored with.
        Hashes hashes = new Hashes(source.crc32c(), source.md5().orElse(""));
        FakeObject copy = objects.put(
                toBucket, toName, source.content(), hashes, source.md5().isPresent(), attributes, ifMatch);
        JsonObject body = body(source, done);
        body.add("resource", Resources.object(copy, true));
        return Answer.json(body);
    }

    private long doneBefore(String what, FakeObject source, Request request) throws Refusal {
        Optional<String> token = request.parameter("rewriteToken");
        if (token.isEmpty()) {
            return 0;
        }
        Progress progress = running.get(token.get());
        if (progress == null || !progress.what().equals(what) || progress.sourceGeneration() != source.generation()) {
            throw Refusal.invalid("Invalid rewrite token: " + token.get());
        }
        return progress.done();
    }

    private long perCall(Request request) throws Refusal {
        Optional<Long> wanted = request.number("maxBytesRewrittenPerCall");
        if (wanted.isPresent() && (wanted.get() == 0 || wanted.get() % MIB != 0)) {
            throw Refusal.invalid("maxBytesRewrittenPerCall must be an integral multiple of 1 MiB");
        }
        return Math.min(step, wanted.orElse(1L << 40));
    }

    /** Metadata in the body replaces that of the source; without a body, it is kept. */
    private static Attributes attributes(FakeObject source, Request request) throws Refusal {
        Optional<CustomerKey> key = CustomerKey.of(request, CustomerKey.OBJECT);
        Optional<String> kmsKeyName = request.parameter("destinationKmsKeyName");
        JsonObject metadata = Resources.parse(request.content());
        if (metadata.size() == 0) {
            return source.attributes().encrypted(kmsKeyName, key);
        }
        return Resources.attributes(metadata, Optional.empty(), kmsKeyName, key);
    }

    private static JsonObject body(FakeObject source, long done) {
        JsonObject body = new JsonObject();
        body.addProperty("kind", "storage#rewriteResponse");
        body.addProperty("totalBytesRewritten", Long.toString(done));
        body.addProperty("objectSize", Long.toString(source.size()));
        body.addProperty("done", done == source.size());
        return body;
    }
}
