package io.blobstore.gcs.fake;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.blobstore.http.ScriptedResponse;
import java.util.Base64;

/** A page of a listing of the JSON API. */
final class Listing {
    private static final long MAX_RESULTS = 1000;
    private static final String PARAMETERS = "prefix|delimiter|startOffset|pageToken|maxResults" + JsonApi.COMMON;

    private final JsonArray items = new JsonArray();
    private final JsonArray prefixes = new JsonArray();
    private final String prefix;
    private final String delimiter;

    private Listing(Request request) {
        prefix = request.parameter("prefix").orElse("");
        delimiter = request.parameter("delimiter").orElse("");
    }

    static ScriptedResponse handle(FakeObjects objects, String bucket, Request request) {
        request.allow(PARAMETERS);
        return new Listing(request).page(objects, bucket, request);
    }

    /** Returns a page. Its token is its last entry: "o" and an object's name, or "p" and a common prefix. */
    private ScriptedResponse page(FakeObjects objects, String bucket, Request request) {
        String last = request.parameter("pageToken").map(Request::decodeBase64).orElse("");
        String start = request.parameter("startOffset").orElse("");
        long max = request.number("maxResults").filter(n -> n > 0).orElse(MAX_RESULTS);
        JsonObject body = Json.of("kind", "storage#objects");
        int count = 0;
        for (FakeObject object : objects.from(bucket, start)) {
            String name = object.name();
            if (!name.startsWith(prefix) || isCovered(name, last)) {
                continue;
            }
            if (count++ == Math.min(max, MAX_RESULTS)) {
                Json.set(body, "nextPageToken", Base64.getUrlEncoder().encodeToString(Request.utf8(last)));
                break;
            }
            last = add(object);
        }
        if (!prefixes.isEmpty()) {
            body.add("prefixes", prefixes);
        }
        if (!items.isEmpty()) {
            body.add("items", items);
        }
        return Json.response(body);
    }

    /** Returns whether a name was on a page with this last entry. */
    private static boolean isCovered(String name, String last) {
        String entry = last.isEmpty() ? "" : last.substring(1);
        boolean inPrefix = last.startsWith("p") && name.startsWith(entry);
        return !last.isEmpty() && (inPrefix || FakeObjects.ORDER.compare(name, entry) <= 0);
    }

    /** Adds an object, or its common prefix, and returns the entry as in page tokens. */
    private String add(FakeObject object) {
        String name = object.name();
        int end = delimiter.isEmpty() ? -1 : name.indexOf(delimiter, prefix.length());
        if (end < 0) {
            items.add(Json.object(object, false));
            return "o" + name;
        }
        String common = name.substring(0, end + delimiter.length());
        prefixes.add(common);
        return "p" + common;
    }
}
