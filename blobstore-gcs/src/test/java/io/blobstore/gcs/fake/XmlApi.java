package io.blobstore.gcs.fake;

import io.blobstore.http.ScriptedResponse;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Handles the requests of the XML API. */
final class XmlApi {
    /** Header fields that would change the result, but are not implemented. */
    private static final String REFUSED = "(?i)x-amz-.*|if-.*|x-goog-(copy-source"
            + "|if-metageneration-match|resumable|acl|metadata-directive|content-length-range)";

    private final FakeObjects objects;
    private final XmlUploads uploads;

    XmlApi(FakeObjects objects) {
        this.objects = objects;
        uploads = new XmlUploads(objects);
    }

    XmlUploads uploads() {
        return uploads;
    }

    ScriptedResponse handle(Request request) {
        for (String name : request.headers().keySet()) {
            ErrorResponse.require(!name.matches(REFUSED), "This fake does not know the header field " + name);
        }
        String[] path = (request.path() + "/").split("/", 3);
        String bucket = Request.decode(path[1]);
        String name = Request.decode(path[2].replaceFirst("/$", ""));
        if (request.method().matches("PUT|POST")) {
            request.requireLength();
        }
        String resource = name.isEmpty() ? "bucket" : request.has("uploadId") ? "upload" : "object";
        return switch (request.method() + " " + resource + (request.has("uploads") ? "?uploads" : "")) {
            case "POST object?uploads" -> uploads.initiate(bucket, name, request);
            case "GET bucket?uploads" -> uploads.list(bucket, request);
            case "GET upload" -> uploads.parts(bucket, name, request);
            case "PUT upload" -> uploads.put(bucket, name, request);
            case "POST upload" -> uploads.complete(bucket, name, request);
            case "DELETE upload" -> uploads.abort(bucket, name, request);
            case "GET object" -> get(bucket, name, request);
            case "PUT object" -> put(bucket, name, request);
            default -> throw ErrorResponse.methodNotAllowed(request.method());
        };
    }

    private static Optional<Long> ifMatch(Request request) {
        String field = "x-goog-if-generation-match";
        return request.header(field).map(text -> Request.number(field, text));
    }

    /** Sends content, with headers that the parameters replace. */
    private ScriptedResponse get(String bucket, String name, Request request) {
        request.allow("response-content-type|response-content-disposition");
        ScriptedResponse response = Content.of(objects.get(bucket, name, Optional.empty(), ifMatch(request)), request);
        for (String field : List.of("Content-Type", "Content-Disposition")) {
            Optional<String> other = request.parameter("response-" + field.toLowerCase(Locale.ROOT));
            if (other.isPresent()) {
                response = response.without(field).with(field, other.get());
            }
        }
        return response;
    }

    private ScriptedResponse put(String bucket, String name, Request request) {
        request.allow("");
        objects.requireWritable(bucket, name, ifMatch(request));
        Hashes hashes = Hashes.of(request.body());
        hashes.requireAsIn(request);
        FakeObject object =
                objects.put(bucket, name, request.body(), hashes, Attributes.ofHeaders(request), ifMatch(request));
        return ScriptedResponse.empty(200).with(Content.describe(object));
    }
}
