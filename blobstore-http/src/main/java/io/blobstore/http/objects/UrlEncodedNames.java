package io.blobstore.http.objects;

import io.blobstore.http.XmlPage;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Decodes names of objects in a listing with {@code encoding-type=url}, as XML cannot represent every character. */
public final class UrlEncodedNames {
    private UrlEncodedNames() {}

    /**
     * Decodes a name in a page, if the page says that its names are encoded.
     *
     * @return the name; empty if its encoding is not valid
     */
    public static Optional<String> decode(XmlPage page, String name) {
        return page.text("EncodingType").filter("url"::equals).isPresent() ? decode(name) : Optional.of(name);
    }

    /**
     * Decodes percent-encoded UTF-8, where {@code +} is a space.
     *
     * @return the text; empty if an escape, or the UTF-8, is not valid
     */
    public static Optional<String> decode(String text) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream decoded = new ByteArrayOutputStream(encoded.length);
        for (int i = 0; i < encoded.length; i++) {
            if (encoded[i] == '%') {
                int high = i + 2 < encoded.length ? Character.digit(encoded[i + 1], 16) : -1;
                int low = i + 2 < encoded.length ? Character.digit(encoded[i + 2], 16) : -1;
                if (high < 0 || low < 0) {
                    return Optional.empty();
                }
                decoded.write(high << 4 | low);
                i += 2;
            } else {
                decoded.write(encoded[i] == '+' ? ' ' : encoded[i]);
            }
        }
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(decoded.toByteArray()))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }
}
