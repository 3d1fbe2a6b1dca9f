package io.blobstore.spring;

import io.blobstore.BlobMetadata;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.http.HttpHeaders;

/**
 * The conditions of a request on the current version of a blob (RFC 9110, section 13). Spring's own evaluation leaves
 * out {@code If-Match} and {@code If-Range} of GET.
 */
final class RequestConditions {
    /** The characters of an entity tag, without those beyond ASCII (RFC 9110, section 8.8.3). */
    private static final Pattern TAG_CHARACTERS = Pattern.compile("[\\x21\\x23-\\x7e]+");

    private static final Pattern TAG = Pattern.compile("(W/)?(\"[^\"]*\")");

    /** What the conditions say. */
    enum Outcome {
        SEND,
        NOT_MODIFIED,
        PRECONDITION_FAILED
    }

    private final HttpServletRequest request;
    private final String entityTag;
    private final long modified;

    RequestConditions(HttpServletRequest request, BlobMetadata current) {
        this.request = request;
        this.entityTag = entityTag(current.version().value());
        this.modified = current.lastModified().getEpochSecond();
    }

    /** Returns the version as a strong entity tag. */
    private static String entityTag(String version) {
        String tag = TAG_CHARACTERS.matcher(version).matches()
                ? version
                : Base64.getUrlEncoder().withoutPadding().encodeToString(version.getBytes(StandardCharsets.UTF_8));
        return '"' + tag + '"';
    }

    /** Returns the entity tag of the current version, with its quotes. */
    String entityTag() {
        return entityTag;
    }

    /** Evaluates the conditions in the order of section 13.2.2. */
    Outcome evaluate() {
        String match = request.getHeader(HttpHeaders.IF_MATCH);
        if (match != null ? !isListed(match, false) : isBefore(HttpHeaders.IF_UNMODIFIED_SINCE)) {
            return Outcome.PRECONDITION_FAILED;
        }
        String noneMatch = request.getHeader(HttpHeaders.IF_NONE_MATCH);
        OptionalLong since = date(HttpHeaders.IF_MODIFIED_SINCE);
        return (noneMatch != null ? isListed(noneMatch, true) : since.isPresent() && modified <= since.getAsLong())
                ? Outcome.NOT_MODIFIED
                : Outcome.SEND;
    }

    /** Returns whether a requested range is sent: whether {@code If-Range} is absent, or names the current version. */
    boolean allowRange() {
        String condition = request.getHeader(HttpHeaders.IF_RANGE);
        if (condition == null || condition.strip().equals(entityTag)) {
            return true;
        }
        OptionalLong date = condition.contains("\"") ? OptionalLong.empty() : date(HttpHeaders.IF_RANGE);
        return date.isPresent() && date.getAsLong() == modified;
    }

    /** Returns whether a list of entity tags contains the current one, or is "*". */
    private boolean isListed(String tags, boolean weak) {
        if (tags.strip().equals("*")) {
            return true;
        }
        Matcher tag = TAG.matcher(tags);
        while (tag.find()) {
            if (tag.group(2).equals(entityTag) && (weak || tag.group(1) == null)) {
                return true;
            }
        }
        return false;
    }

    private boolean isBefore(String field) {
        OptionalLong date = date(field);
        return date.isPresent() && modified > date.getAsLong();
    }

    /** Returns the seconds of a date since 1970; empty if the field is absent or invalid. */
    private OptionalLong date(String field) {
        try {
            long millis = request.getDateHeader(field);
            return millis < 0 ? OptionalLong.empty() : OptionalLong.of(millis / 1000);
        } catch (IllegalArgumentException e) {
            return OptionalLong.empty();
        }
    }
}
