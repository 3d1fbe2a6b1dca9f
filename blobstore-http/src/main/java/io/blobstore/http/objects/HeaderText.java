package io.blobstore.http.objects;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Converts header fields with text beyond ASCII, which other programs have stored as metadata. The data plane sends and
 * receives each byte of a header as one character.
 */
public final class HeaderText {
    /** An encoded word of RFC 2047, and the space between two of them, which is not part of the text. */
    private static final Pattern WORD =
            Pattern.compile("=\\?([A-Za-z0-9-]+)\\?([BbQq])\\?([!->@-~]*)\\?=(\\s+(?==\\?))?");

    private static final List<Charset> CHARSETS = List.of(UTF_8, ISO_8859_1, US_ASCII);

    private HeaderText() {}

    /** Returns the text of a received field, which is UTF-8 if its bytes are valid UTF-8, and ISO 8859-1 otherwise. */
    public static String utf8(String received) {
        if (received.chars().allMatch(c -> c < 0x80) || received.chars().anyMatch(c -> c > 0xff)) {
            return received;
        }
        return decode(received.getBytes(ISO_8859_1), UTF_8).orElse(received);
    }

    /**
     * Returns the text of a received field as {@link #utf8} does, with its encoded words decoded. S3 returns metadata
     * beyond ASCII in encoded words. It takes the bytes that it has received for ISO 8859-1, so they are UTF-8 again
     * inside.
     */
    public static String decodeWords(String received) {
        Matcher word = WORD.matcher(received);
        StringBuilder text = new StringBuilder();
        while (word.find()) {
            Optional<String> decoded = decode(word.group(1), word.group(2), word.group(3));
            if (decoded.isEmpty()) {
                return utf8(received);
            }
            word.appendReplacement(text, Matcher.quoteReplacement(decoded.get()));
        }
        return utf8(word.appendTail(text).toString());
    }

    /** Returns a field's text as the data plane sends it in UTF-8, which is what signatures of S3 are computed of. */
    public static String wire(String text) {
        return text.chars().allMatch(c -> c < 0x80) ? text : new String(text.getBytes(UTF_8), ISO_8859_1);
    }

    private static Optional<String> decode(String charsetName, String encoding, String text) {
        return CHARSETS.stream()
                .filter(charset -> charset.name().equalsIgnoreCase(charsetName))
                .findFirst()
                .flatMap(charset -> bytes(encoding, text).flatMap(bytes -> decode(bytes, charset)));
    }

    private static Optional<byte[]> bytes(String encoding, String text) {
        try {
            return Optional.of(
                    encoding.equalsIgnoreCase("B") ? Base64.getDecoder().decode(text) : quotedPrintable(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static byte[] quotedPrintable(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '=') {
                if (i + 2 >= text.length()) {
                    throw new IllegalArgumentException("a character is cut off");
                }
                bytes.write(Integer.parseInt(text.substring(i + 1, i + 3), 16)); // NumberFormatException is one
                i += 2;
            } else {
                bytes.write(c == '_' ? ' ' : c);
            }
        }
        return bytes.toByteArray();
    }

    private static Optional<String> decode(byte[] bytes, Charset charset) {
        try {
            return Optional.of(
                    charset.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }
}
