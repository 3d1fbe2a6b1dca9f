package io.blobstore.gcs.fake;

import io.blobstore.http.ScriptedResponse;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Handles the requests of the JSON API. */
final class JsonApi {
    /** Parameters that every request may have. */
    static final String COMMON = "|alt|fields|projection|prettyPrint|userProject";

    private static final Pattern BUCKET = Pattern.compile("/storage/v1/b/([^/]+)");
    private static final String OF_OBJECT = "generation|ifGenerationMatch" + COMMON;
    private static final String BATCH = "/batch/storage/v1";
    private static final Pattern PATH =
            Pattern.compile("/(upload/|)storage/v1/b/([^/]+)/o(?:/([^/]+)(?:/rewriteTo/b/([^/]+)/o/([^/]+))?)?");

    private final FakeObjects objects;
    private final JsonRewrites rewrites;
    private final Function<Request, ScriptedResponse> handler;

    /**
     * Creates the API.
     *
     * @param handler handles the requests in a batch
     */
    JsonApi(FakeObjects objects, Function<Request, ScriptedResponse> handler) {
        this.objects = objects;
        this.handler = handler;
        rewrites = new JsonRewrites(objects);
    }

    static boolean isFor(String path) {
        return path.matches("/(upload/)?storage/v1/.*|" + BATCH + ".*");
    }

    static boolean isBatch(String path) {
        return path.equals(BATCH);
    }

    JsonRewrites rewrites() {
        return rewrites;
    }

    ScriptedResponse handle(Request request) {
        Matcher path = PATH.matcher(request.path());
        if (isBatch(request.path()) && request.method().equals("POST")) {
            return JsonBatch.handle(request, handler);
        }
        Matcher ofBucket = BUCKET.matcher(request.path());
        if (ofBucket.matches() && request.method().equals("GET")) {
            return bucket(Request.decode(ofBucket.group(1)), request);
        }
        if (!path.matches()) {
            String message = "Not Found: this fake does not know " + request.path();
            throw new ErrorResponse(404, "NotFound", "notFound", message);
        }
        String bucket = Request.decode(path.group(2));
        if (path.group(4) != null && request.method().equals("POST")) {
            String source = Request.decode(path.group(3));
            return rewrites.handle(
                    bucket, source, Request.decode(path.group(4)), Request.decode(path.group(5)), request);
        }
        String name = Request.decode(path.group(3) == null ? "" : path.group(3));
        return switch (request.method() + " " + path.group(1) + (name.isEmpty() ? "objects" : "object")) {
            case "POST upload/objects" -> JsonUploads.handle(objects, bucket, request);
            case "GET objects" -> Listing.handle(objects, bucket, request);
            case "GET object" -> get(bucket, name, request);
            case "DELETE object" -> delete(bucket, name, request);
            default -> throw ErrorResponse.methodNotAllowed(request.method());
        };
    }

    private ScriptedResponse bucket(String name, Request request) {
        request.allow(COMMON.substring(1));
        objects.requireBucket(name);
        boolean zonal = objects.isZonal(name);
        return Json.response(Json.of(
                "kind",
                "storage#bucket",
                "name",
                name,
                "storageClass",
                zonal ? "RAPID" : "STANDARD",
                "locationType",
                zonal ? "zone" : "multi-region"));
    }

    private ScriptedResponse delete(String bucket, String name, Request request) {
        request.allow(OF_OBJECT);
        objects.delete(bucket, name, request.number("generation"), request.number("ifGenerationMatch"));
        return ScriptedResponse.empty(204);
    }

    private ScriptedResponse get(String bucket, String name, Request request) {
        request.allow(OF_OBJECT);
        boolean metadata = request.parameter("alt").orElse("json").equals("json");
        ErrorResponse.require(metadata, "This fake sends content by the XML API only.");
        FakeObject object =
                objects.get(bucket, name, request.number("generation"), request.number("ifGenerationMatch"));
        Optional<String> key = CustomerKey.sha256(request, CustomerKey.OBJECT);
        if (key.isPresent()) { // without a key, the response has no checksums
            CustomerKey.require(object.attributes().keySha256(), key);
        }
        return Json.response(Json.object(object, key.isPresent()));
    }
}
