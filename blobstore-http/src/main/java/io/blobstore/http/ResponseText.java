package io.blobstore.http;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/** Reads and tames what servers put into answers. */
public final class ResponseText {
    private static final int MAX_LINE = 300;

    private ResponseText() {}

    /** A date as HTTP writes it; empty if it is none. */
    public static Optional<Instant> date(String text) {
        try {
            return Optional.of(ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /**
     * What Retry-After asks for, in seconds or as a date (RFC 9110, section 10.2.3); empty if that cannot be read, or
     * is over.
     *
     * @param now the server's clock; empty if it did not say
     */
    public static Optional<Duration> retryAfter(String text, Optional<Instant> now) {
        if (text.length() <= 9 && HttpSyntax.isNumber(text)) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
        }
        return date(text)
                .map(then -> Duration.between(now.orElseGet(Instant::now), then))
                .filter(wait -> !wait.isNegative());
    }

    /** One line, of a bounded length, without control characters: for messages. */
    public static String line(String text) {
        String line = withoutControls(text.strip());
        return line.length() <= MAX_LINE ? line : line.substring(0, MAX_LINE) + "…";
    }

    /** Returns the text with control characters replaced by spaces. */
    public static String withoutControls(String text) {
        return text.replaceAll("\\p{Cntrl}+", " ");
    }
}
