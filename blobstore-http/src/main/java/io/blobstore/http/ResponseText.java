package io.blobstore.http;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/** Parses values of header fields, and sanitizes texts of responses for messages. */
public final class ResponseText {
    private static final int MAX_LINE = 300;

    /** The last valid date: responses with parts of one blob repeat it, and parsing takes a while. */
    private static volatile Date lastDate = new Date("Thu, 1 Jan 1970 00:00:00 GMT", Instant.EPOCH);

    private record Date(String text, Instant instant) {}

    private ResponseText() {}

    /** Parses the date of a header field; returns empty if it is invalid. */
    public static Optional<Instant> date(String text) {
        Date last = lastDate;
        if (last.text.equals(text)) {
            return Optional.of(last.instant);
        }
        try {
            Instant instant = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            lastDate = new Date(text, instant);
            return Optional.of(instant);
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /** Parses a time in a body, as in {@code 2026-01-31T12:00:00.000Z} (ISO 8601); returns empty if it is invalid. */
    public static Optional<Instant> timestamp(String text) {
        try {
            return Optional.of(Instant.from(DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text.strip())));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /**
     * Parses Retry-After, in seconds or as a date (RFC 9110, section 10.2.3); returns empty if it is invalid, or in the
     * past.
     *
     * @param now the server's clock; empty if it is unknown
     */
    public static Optional<Duration> retryAfter(String text, Optional<Instant> now) {
        if (text.length() <= 9 && HttpSyntax.isNumber(text)) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
        }
        return date(text)
                .map(then -> Duration.between(now.orElseGet(Instant::now), then))
                .filter(wait -> !wait.isNegative());
    }

    /** Returns one line of bounded length without control characters, for messages. */
    public static String line(String text) {
        String line = withoutControls(text.strip());
        return line.length() <= MAX_LINE ? line : line.substring(0, MAX_LINE) + "…";
    }

    /** Returns the text with control characters replaced by spaces. */
    public static String withoutControls(String text) {
        return text.replaceAll("\\p{Cntrl}+", " ");
    }
}
