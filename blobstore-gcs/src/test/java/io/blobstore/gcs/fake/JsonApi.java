package io.blobstore.gcs.fake;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** The JSON API: which request is for what, and those of them that are short. */
final class JsonApi {
    private static final List<String> ROOTS =
            List.of("/storage/v1/", "/upload/storage/v1/", "/download/storage/v1/", "/batch/storage/v1");
    private static final Set<String> OF_OBJECT =
            Set.of("generation", "ifGenerationMatch", "alt", "fields", "projection", "prettyPrint", "userProject");
    private static final Set<String> OF_BUCKET = Set.of("alt", "fields", "projection", "prettyPrint", "userProject");

    private final FakeObjects objects;
    private final JsonUploads uploads;
    private final JsonRewrites rewrites;
    private final JsonBatch batch;

    /** @param inner carries out a request of a batch */
    JsonApi(FakeObjects objects, Function<Request, Answer> inner) {
        this.objects = objects;
        uploads = new JsonUploads(objects);
        rewrites = new JsonRewrites(objects);
        batch = new JsonBatch(inner);
    }

    static boolean isFor(String path) {
        return ROOTS.stream().anyMatch(path::startsWith);
    }

    static boolean isBatch(String path) {
        return path.equals("/batch/storage/v1");
    }

    JsonRewrites rewrites() {
        return rewrites;
    }

    Answer answer(Request request) throws Refusal {
        if (isBatch(request.path())) {
            requireMethod(request, "POST");
            return batch.answer(request);
        }
        List<String> path = new ArrayList<>();
        for (String segment : request.path().substring(1).split("/", -1)) {
            path.add(Percent.decode(segment));
        }
        if (path.get(0).equals("upload") && path.size() == 6 && isOf(path, 3, "b", "o")) {
            requireMethod(request, "POST");
            return uploads.answer(path.get(4), request);
        }
        if (path.get(0).equals("download") && path.size() == 7 && isOf(path, 3, "b", "o")) {
            requireMethod(request, "GET");
            return get(path.get(4), path.get(6), request);
        }
        if (path.get(0).equals("storage") && path.size() == 4 && path.get(2).equals("b")) {
            requireMethod(request, "GET");
            return bucket(path.get(3), request);
        }
        if (path.get(0).equals("storage") && path.size() == 5 && isOf(path, 2, "b", "o")) {
            requireMethod(request, "GET");
            return Listing.answer(objects, path.get(3), request);
        }
        if (path.get(0).equals("storage") && path.size() == 6 && isOf(path, 2, "b", "o")) {
            return object(path.get(3), path.get(5), request);
        }
        if (path.size() == 11
                && isOf(path, 2, "b", "o")
                && isOf(path, 7, "b", "o")
                && path.get(6).equals("rewriteTo")) {
            requireMethod(request, "POST");
            return rewrites.answer(path.get(3), path.get(5), path.get(8), path.get(10), request);
        }
        throw Refusal.noSuchPath(request.path());
    }

    /** Whether a name of a bucket, and then perhaps one of an object, come at a place. */
    private static boolean isOf(List<String> path, int at, String bucket, String object) {
        return path.get(at).equals(bucket) && path.get(at + 2).equals(object);
    }

    private static void requireMethod(Request request, String method) throws Refusal {
        if (!request.method().equals(method)) {
            throw Refusal.methodNotAllowed(request.method());
        }
    }

    private Answer bucket(String bucket, Request request) throws Refusal {
        request.allow(OF_BUCKET);
        objects.requireBucket(bucket);
        return Answer.json(Resources.bucket(bucket, objects.now()));
    }

    private Answer object(String bucket, String name, Request request) throws Refusal {
        if (request.method().equals("GET")) {
            return get(bucket, name, request);
        }
        requireMethod(request, "DELETE");
        request.allow(OF_OBJECT);
        objects.delete(bucket, name, request.number("generation"), request.number("ifGenerationMatch"));
        return Answer.empty(204);
    }

    static boolean isMedia(Request request) {
        return request.parameter("alt").filter("media"::equals).isPresent();
    }

    private Answer get(String bucket, String name, Request request) throws Refusal {
        request.allow(OF_OBJECT);
        FakeObject object =
                objects.get(bucket, name, request.number("generation"), request.number("ifGenerationMatch"));
        if (isMedia(request)) {
            return ContentResponse.of(object, request);
        }
        Optional<CustomerKey> key = CustomerKey.of(request, CustomerKey.OBJECT);
        if (key.isPresent()) { // without, an object's metadata is told all the same, but for its checksums
            CustomerKey.require(object.customerKeySha256(), key);
        }
        JsonObject json = Resources.object(object, key.isPresent());
        return Answer.json(json).with("ETag", Resources.etag(object));
    }
}
