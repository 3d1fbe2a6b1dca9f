package io.blobstore.server.internal.http;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A range of content that a client wants (RFC 9110, 14.2): one range of bytes; others are ignored, as servers may.
 *
 * @param first the first byte; of a suffix, -1
 * @param last the last byte, or {@link Long#MAX_VALUE} for all that follow; of a suffix, its length
 */
record RangeHeader(long first, long last) {
    private static final Pattern SYNTAX = Pattern.compile("bytes\\s*=\\s*([0-9]{0,18})\\s*-\\s*([0-9]{0,18})\\s*");

    /** A part of content: the bytes from {@code from} to {@code to}, exclusive. */
    record Part(long from, long to) {}

    /** Parses a header field; empty if it is to be ignored. */
    static Optional<RangeHeader> parse(String field) {
        Matcher matcher = SYNTAX.matcher(field);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String first = matcher.group(1);
        String last = matcher.group(2);
        if (first.isEmpty()) {
            return last.isEmpty() ? Optional.empty() : Optional.of(new RangeHeader(-1, Long.parseLong(last)));
        }
        RangeHeader range =
                new RangeHeader(Long.parseLong(first), last.isEmpty() ? Long.MAX_VALUE : Long.parseLong(last));
        return range.last < range.first ? Optional.empty() : Optional.of(range);
    }

    /** Returns the part of content of a size; empty if it has none of the range. */
    Optional<Part> of(long size) {
        if (first < 0) {
            return last == 0 || size == 0 ? Optional.empty() : Optional.of(new Part(Math.max(0, size - last), size));
        }
        if (first >= size) {
            return Optional.empty();
        }
        return Optional.of(new Part(first, last >= size ? size : last + 1));
    }
}
