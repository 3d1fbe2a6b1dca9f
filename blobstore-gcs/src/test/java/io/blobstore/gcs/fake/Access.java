package io.blobstore.gcs.fake;

import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** Checks that a request has a valid token, or a V4 signed URL. Thread-safe. */
final class Access {
    private static final String ALGORITHM = "GOOG4-RSA-SHA256";
    private static final int MAX_SECONDS = 7 * 24 * 3600;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private final Map<String, PublicKey> signers = new ConcurrentHashMap<>();
    private final Set<String> tokens = new HashSet<>();
    private boolean required;

    synchronized void requireToken(List<String> valid) {
        required = true;
        tokens.addAll(valid);
    }

    synchronized void expire(String token) {
        tokens.remove(token);
    }

    void trust(String email, PublicKey key) {
        signers.put(email, key);
    }

    /** Refuses a request without a valid token or signature. */
    void check(Request request, Instant now) {
        if (request.has("X-Goog-Signature") && !JsonApi.isFor(request.path())) {
            checkSignedUrl(request, now);
            return;
        }
        Optional<String> token = request.header("Authorization").filter(value -> value.startsWith("Bearer "));
        synchronized (this) {
            if (required
                    && token.filter(value -> tokens.contains(value.substring(7)))
                            .isEmpty()) {
                throw unauthorized(token.isPresent());
            }
        }
    }

    /** Creates the error for a missing or an invalid token. Google's library renews its token only after the latter. */
    private static ErrorResponse unauthorized(boolean tokenSent) {
        String message = tokenSent ? "Invalid Credentials" : "Anonymous caller has no access to the resource.";
        String challenge = "WWW-Authenticate: Bearer realm=\"https://accounts.google.com/\""
                + (tokenSent ? ", error=\"invalid_token\"" : "");
        String reason = tokenSent ? "authError" : "required";
        return new ErrorResponse(401, "AuthenticationRequired", reason, "Authentication required.", message, challenge);
    }

    // ---- signed URLs

    private void checkSignedUrl(Request request, Instant now) {
        String[] credential = parameter(request, "Credential").split("/", 2);
        String date = parameter(request, "Date");
        require(date.matches("[0-9]{8}T[0-9]{6}Z"), "X-Goog-Date is not valid");
        require(parameter(request, "Algorithm").equals(ALGORITHM), "X-Goog-Algorithm is not " + ALGORITHM);
        require(
                credential.length == 2 && credential[1].matches(date.split("T")[0] + "/[^/]+/storage/goog4_request"),
                "X-Goog-Credential is not valid");
        long seconds = Request.number("X-Goog-Expires", parameter(request, "Expires"));
        require(seconds >= 1 && seconds <= MAX_SECONDS, "X-Goog-Expires is not between 1 and " + MAX_SECONDS);
        List<String> signed = List.of(parameter(request, "SignedHeaders").split(";", -1));
        requireSigned(request, signed);
        PublicKey key = signers.get(credential[0]);
        byte[] digest = Hashes.digest("SHA-256", Request.utf8(canonical(request, signed)));
        String toSign =
                String.join("\n", ALGORITHM, date, credential[1], HexFormat.of().formatHex(digest));
        if (key == null || !verifies(key, toSign, parameter(request, "Signature"))) {
            String message = "Access denied: the signature does not match " + toSign.replace('\n', ' ');
            throw new ErrorResponse(403, "SignatureDoesNotMatch", "forbidden", message);
        }
        boolean valid = now.isBefore(TIME.parse(date, Instant::from).plusSeconds(seconds));
        ErrorResponse.require(valid, "ExpiredToken", "The provided token has expired.");
    }

    private static void require(boolean condition, String message) {
        ErrorResponse.require(condition, "AuthenticationRequired", "Malformed signed URL: " + message);
    }

    private static String parameter(Request request, String name) {
        Optional<String> value = request.parameter("X-Goog-" + name);
        require(value.isPresent(), "X-Goog-" + name + " is missing");
        return value.orElseThrow();
    }

    /** Requires that the host and all of Google's header fields are signed, and all signed fields are present. */
    private static void requireSigned(Request request, List<String> signed) {
        require(signed.contains("host"), "host is not signed");
        for (String name : signed) {
            requireHeader(request.header(name).isPresent(), name, "is signed, but not in the request");
        }
        for (String name : request.headers().keySet()) {
            String field = name.toLowerCase(Locale.ROOT);
            requireHeader(!field.startsWith("x-goog-") || signed.contains(field), field, "is not signed");
        }
    }

    private static void requireHeader(boolean condition, String name, String problem) {
        ErrorResponse.require(condition, "MalformedSecurityHeader", "malformed header: " + name + " " + problem);
    }

    private static String canonical(Request request, List<String> signed) {
        String query = request.query().entrySet().stream()
                .filter(entry -> !entry.getKey().equals("X-Goog-Signature"))
                .map(entry -> Request.encode(entry.getKey()) + "=" + Request.encode(entry.getValue()))
                .sorted()
                .collect(Collectors.joining("&"));
        StringBuilder headers = new StringBuilder();
        for (String name : signed) {
            String value = request.header(name).orElseThrow().strip().replaceAll("\\s+", " ");
            headers.append(name).append(':').append(value).append('\n');
        }
        String names = String.join(";", signed);
        String content = request.header("x-goog-content-sha256").orElse("UNSIGNED-PAYLOAD");
        return String.join("\n", request.method(), request.path(), query, headers, names, content);
    }

    private static boolean verifies(PublicKey key, String text, String signature) {
        try {
            Signature verifier = Signature.getInstance("SHA256withRSA");
            verifier.initVerify(key);
            verifier.update(Request.utf8(text));
            return verifier.verify(HexFormat.of().parseHex(signature));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return false;
        }
    }
}
