package io.blobstore.gcs.fake;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The XML API, by path. */
final class XmlApi {
    /** Fields that would change what is done, and that nothing here heeds. */
    private static final Set<String> REFUSED = Set.of(
            "x-goog-copy-source",
            "x-goog-if-metageneration-match",
            "x-goog-resumable",
            "x-goog-acl",
            "x-goog-metadata-directive",
            "x-goog-content-length-range",
            "if-match",
            "if-none-match",
            "if-modified-since",
            "if-unmodified-since",
            "if-range");

    private final FakeObjects objects;
    private final XmlUploads uploads;

    XmlApi(FakeObjects objects) {
        this.objects = objects;
        uploads = new XmlUploads(objects);
    }

    XmlUploads uploads() {
        return uploads;
    }

    Answer answer(Request request) throws Refusal {
        for (String name : request.headers().keySet()) {
            String field = name.toLowerCase(Locale.ROOT);
            if (REFUSED.contains(field) || field.startsWith("x-amz-")) {
                throw Refusal.invalid("This fake does not heed the header field " + name);
            }
        }
        int slash = request.path().indexOf('/', 1);
        String bucket = Percent.decode(
                request.path().substring(1, slash < 0 ? request.path().length() : slash));
        String name = slash < 0 ? "" : Percent.decode(request.path().substring(slash + 1));
        if (bucket.isEmpty()) {
            throw Refusal.noSuchPath(request.path());
        }
        if (name.isEmpty()) {
            if (request.method().equals("GET") && request.has("uploads")) {
                return uploads.list(bucket, request);
            }
            objects.requireBucket(bucket);
            throw Refusal.invalid("Of a bucket, this fake lists uploads only in XML.");
        }
        boolean ofUpload = request.has("uploadId");
        return switch (request.method()) {
            case "GET" -> ofUpload ? uploads.listParts(bucket, name, request) : get(bucket, name, request);
            case "HEAD" -> get(bucket, name, request);
            case "PUT" ->
                ofUpload || request.has("partNumber")
                        ? uploads.put(bucket, name, withLength(request))
                        : put(bucket, name, withLength(request));
            case "POST" -> post(bucket, name, withLength(request));
            case "DELETE" -> ofUpload ? uploads.abort(bucket, name, request) : delete(bucket, name, request);
            default -> throw Refusal.methodNotAllowed(request.method());
        };
    }

    private static Request withLength(Request request) throws Refusal {
        if (request.header("Content-Length").isEmpty()
                && request.header("Transfer-Encoding").isEmpty()) {
            throw Refusal.lengthRequired();
        }
        return request;
    }

    private Answer post(String bucket, String name, Request request) throws Refusal {
        if (request.has("uploads")) {
            return uploads.initiate(bucket, name, request);
        }
        if (request.has("uploadId")) {
            return uploads.complete(bucket, name, request);
        }
        throw Refusal.invalid("This fake knows no such POST.");
    }

    private static Optional<Long> ifMatch(Request request) throws Refusal {
        String field = "x-goog-if-generation-match";
        Optional<String> text = request.header(field);
        return text.isEmpty() ? Optional.empty() : Optional.of(Request.number(field, text.get()));
    }

    private Answer get(String bucket, String name, Request request) throws Refusal {
        request.allow(Set.of("generation"));
        FakeObject object = objects.get(bucket, name, request.number("generation"), ifMatch(request));
        return ContentResponse.of(object, request);
    }

    private Answer put(String bucket, String name, Request request) throws Refusal {
        request.allow(Set.of());
        objects.requireWritable(bucket, name, ifMatch(request));
        Hashes hashes = Hashes.of(request.body());
        hashes.requireAsIn(request);
        FakeObject object = objects.put(
                bucket, name, request.body(), hashes, true, Attributes.ofHeaders(request), ifMatch(request));
        return Answer.empty(200).with(ContentResponse.describe(object));
    }

    private Answer delete(String bucket, String name, Request request) throws Refusal {
        request.allow(Set.of("generation"));
        objects.delete(bucket, name, request.number("generation"), ifMatch(request));
        return Answer.empty(204);
    }
}
