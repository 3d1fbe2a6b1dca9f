package io.blobstore.gcs.fake;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;

/** A page of a listing of the JSON API. */
final class Listing {
    private static final int MAX_RESULTS = 1000;
    private static final Set<String> PARAMETERS = Set.of(
            "prefix",
            "delimiter",
            "includeTrailingDelimiter",
            "startOffset",
            "endOffset",
            "pageToken",
            "maxResults",
            "fields",
            "projection",
            "alt",
            "prettyPrint",
            "userProject",
            "versions");

    private final JsonArray items = new JsonArray();
    private final JsonArray prefixes = new JsonArray();
    private final String prefix;
    private final String delimiter;
    private final boolean trailing;
    private final int max;
    /** What the page ended with before; a prefix is followed by what does not begin with it. */
    private final Optional<Token> after;

    private record Token(boolean isPrefix, String name) {
        String text() {
            return Base64.getUrlEncoder().encodeToString(FakeObjects.utf8((isPrefix ? "p" : "o") + name));
        }

        static Token of(String text) throws Refusal {
            try {
                String name = new String(Base64.getUrlDecoder().decode(text), java.nio.charset.StandardCharsets.UTF_8);
                if (name.startsWith("p") || name.startsWith("o")) {
                    return new Token(name.startsWith("p"), name.substring(1));
                }
            } catch (IllegalArgumentException e) {
                // refused below
            }
            throw Refusal.invalid("Invalid page token: " + text);
        }

        boolean covers(String other) {
            return isPrefix && other.startsWith(name) || compare(other, name) <= 0;
        }
    }

    private Listing(Request request) throws Refusal {
        request.allow(PARAMETERS);
        if (request.parameter("versions")
                .filter(value -> !value.equals("false"))
                .isPresent()) {
            throw Refusal.invalid("This fake has no versions.");
        }
        prefix = request.parameter("prefix").orElse("");
        delimiter = request.parameter("delimiter").orElse("");
        trailing = request.parameter("includeTrailingDelimiter")
                .filter("true"::equals)
                .isPresent();
        max = (int) Math.min(request.number("maxResults").filter(n -> n > 0).orElse((long) MAX_RESULTS), MAX_RESULTS);
        Optional<String> token = request.parameter("pageToken").filter(text -> !text.isEmpty());
        after = token.isPresent() ? Optional.of(Token.of(token.get())) : Optional.empty();
    }

    static Answer answer(FakeObjects objects, String bucket, Request request) throws Refusal {
        return new Listing(request).page(objects, bucket, request);
    }

    private Answer page(FakeObjects objects, String bucket, Request request) throws Refusal {
        Optional<String> end = request.parameter("endOffset").filter(text -> !text.isEmpty());
        String first = request.parameter("startOffset").orElse("");
        if (compare(prefix, first) > 0) {
            first = prefix;
        }
        Optional<Token> last = after;
        int count = 0;
        boolean more = false;
        for (FakeObject object : objects.from(bucket, first)) {
            String name = object.name();
            if (!name.startsWith(prefix) || (end.isPresent() && compare(name, end.get()) >= 0)) {
                if (compare(name, prefix) > 0) {
                    break;
                }
                continue;
            }
            if (last.isPresent() && last.get().covers(name)) {
                continue;
            }
            if (count == max) {
                more = true;
                break;
            }
            last = Optional.of(add(object));
            count++;
        }
        return answer(more ? last : Optional.empty());
    }

    private Token add(FakeObject object) {
        String name = object.name();
        int end = delimiter.isEmpty() ? -1 : name.indexOf(delimiter, prefix.length());
        if (end < 0) {
            items.add(Resources.object(object, false));
            return new Token(false, name);
        }
        String common = name.substring(0, end + delimiter.length());
        prefixes.add(common);
        if (trailing && common.equals(name)) {
            items.add(Resources.object(object, false));
        }
        return new Token(true, common);
    }

    private Answer answer(Optional<Token> next) {
        JsonObject body = new JsonObject();
        body.addProperty("kind", "storage#objects");
        next.ifPresent(token -> body.addProperty("nextPageToken", token.text()));
        if (!prefixes.isEmpty()) {
            body.add("prefixes", prefixes);
        }
        if (!items.isEmpty()) {
            body.add("items", items);
        }
        return Answer.json(body);
    }

    private static int compare(String a, String b) {
        return Arrays.compareUnsigned(FakeObjects.utf8(a), FakeObjects.utf8(b));
    }
}
