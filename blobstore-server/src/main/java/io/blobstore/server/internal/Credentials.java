package io.blobstore.server.internal;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A user's name and password, from a header field of the scheme Basic (RFC 7617). Never printed. */
record Credentials(String user, String password) {
    private static final String SCHEME = "Basic ";
    /** What bcrypt takes into account; a longer password never matches. */
    private static final int MAX_PASSWORD_BYTES = 72;

    /** Parses a header field {@code Authorization}; empty if it is missing or anything else. */
    static Optional<Credentials> parse(@Nullable String authorization) {
        if (authorization == null || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return Optional.empty();
        }
        try {
            byte[] bytes = Base64.getDecoder()
                    .decode(authorization.substring(SCHEME.length()).strip());
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            int colon = text.indexOf(':');
            if (colon < 1) {
                return Optional.empty();
            }
            Credentials credentials = new Credentials(text.substring(0, colon), text.substring(colon + 1));
            return credentials.password.getBytes(StandardCharsets.UTF_8).length > MAX_PASSWORD_BYTES
                    ? Optional.empty()
                    : Optional.of(credentials);
        } catch (IllegalArgumentException | CharacterCodingException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return "Credentials[***]";
    }
}
