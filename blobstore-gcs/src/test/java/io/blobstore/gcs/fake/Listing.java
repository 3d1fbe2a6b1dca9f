package io.blobstore.gcs.fake;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.blobstore.http.ScriptedResponse;
import java.util.Base64;
import java.util.Optional;

/** A page of a listing of the JSON API. */
final class Listing {
    private static final long MAX_RESULTS = 1000;
    private static final String PARAMETERS = "prefix|delimiter|includeTrailingDelimiter|startOffset|endOffset|pageToken"
            + "|maxResults|versions" + JsonApi.COMMON;

    private final JsonArray items = new JsonArray();
    private final JsonArray prefixes = new JsonArray();
    private final String prefix;
    private final String delimiter;
    private final boolean trailing;

    private Listing(Request request) {
        prefix = request.parameter("prefix").orElse("");
        delimiter = request.parameter("delimiter").orElse("");
        trailing = request.parameter("includeTrailingDelimiter").equals(Optional.of("true"));
    }

    static ScriptedResponse handle(FakeObjects objects, String bucket, Request request) {
        request.allow(PARAMETERS);
        ErrorResponse.require(request.parameter("versions").orElse("false").equals("false"), "There are no versions.");
        return new Listing(request).page(objects, bucket, request);
    }

    /** The page token is the last entry of the page before: an object's name, or a prefix behind "p". */
    private ScriptedResponse page(FakeObjects objects, String bucket, Request request) {
        String last = request.parameter("pageToken").map(Listing::decode).orElse("");
        String start = request.parameter("startOffset").orElse("");
        String end = request.parameter("endOffset").orElse("");
        long max = request.number("maxResults").filter(n -> n > 0).orElse(MAX_RESULTS);
        JsonObject body = Json.of("kind", "storage#objects");
        int count = 0;
        for (FakeObject object : objects.from(bucket, start)) {
            String name = object.name();
            if (!name.startsWith(prefix) || isCovered(name, last)) {
                continue;
            }
            if (!end.isEmpty() && FakeObjects.ORDER.compare(name, end) >= 0) {
                break;
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

    private static String decode(String token) {
        try {
            return new String(Base64.getUrlDecoder().decode(token), UTF_8);
        } catch (IllegalArgumentException e) {
            throw ErrorResponse.invalid("Invalid page token: " + token);
        }
    }

    /** Returns whether a name was on a page whose last entry was this one. */
    private static boolean isCovered(String name, String last) {
        String entry = last.isEmpty() ? "" : last.substring(1);
        boolean inPrefix = last.startsWith("p") && name.startsWith(entry);
        return !last.isEmpty() && (inPrefix || FakeObjects.ORDER.compare(name, entry) <= 0);
    }

    /** Adds an object, or the prefix that stands for it, and returns which entry that is. */
    private String add(FakeObject object) {
        String name = object.name();
        int end = delimiter.isEmpty() ? -1 : name.indexOf(delimiter, prefix.length());
        String common = end < 0 ? "" : name.substring(0, end + delimiter.length());
        if (end >= 0) {
            prefixes.add(common);
        }
        if (end < 0 || trailing && common.equals(name)) {
            items.add(Json.object(object, false));
        }
        return end < 0 ? "o" + name : "p" + common;
    }
}
