package io.blobstore.gcs.fake;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A request by a V4 signed URL. */
final class SignedUrl {
    private static final String ALGORITHM = "GOOG4-RSA-SHA256";
    private static final int MAX_SECONDS = 7 * 24 * 3600;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private final Request request;

    SignedUrl(Request request) {
        this.request = request;
    }

    void verify(Map<String, PublicKey> signers, Instant now) throws Refusal {
        if (!parameter("X-Goog-Algorithm").equals(ALGORITHM)) {
            throw malformed("X-Goog-Algorithm is not " + ALGORITHM);
        }
        String[] credential = parameter("X-Goog-Credential").split("/", -1);
        String date = parameter("X-Goog-Date");
        long seconds = Request.number("X-Goog-Expires", parameter("X-Goog-Expires"));
        if (credential.length != 5
                || !date.startsWith(credential[1] + "T")
                || !credential[3].equals("storage")
                || !credential[4].equals("goog4_request")) {
            throw malformed("X-Goog-Credential is not valid");
        }
        if (seconds < 1 || seconds > MAX_SECONDS) {
            throw malformed("X-Goog-Expires is not between 1 and " + MAX_SECONDS);
        }
        List<String> signed = List.of(parameter("X-Goog-SignedHeaders").split(";", -1));
        requireSigned(signed);
        PublicKey key = signers.get(credential[0]);
        if (key == null) {
            throw Refusal.forbidden("AccessDenied", "Access denied: nobody trusts " + credential[0]);
        }
        String scope = String.join("/", credential[1], credential[2], credential[3], credential[4]);
        String toSign = String.join("\n", ALGORITHM, date, scope, sha256(canonical(signed)));
        if (!verifies(key, toSign)) {
            throw Refusal.forbidden(
                    "SignatureDoesNotMatch",
                    "Access denied: the signature is not that of " + toSign.replace('\n', ' '));
        }
        if (!now.isBefore(time(date).plusSeconds(seconds))) {
            throw Refusal.badRequest("ExpiredToken", "The provided token has expired.");
        }
    }

    private String parameter(String name) throws Refusal {
        return request.parameter(name).orElseThrow(() -> malformed(name + " is missing"));
    }

    private void requireSigned(List<String> signed) throws Refusal {
        if (!signed.contains("host")) {
            throw malformed("host is not signed");
        }
        for (String name : signed) {
            if (request.header(name).isEmpty()) {
                throw header(name, "Header was included in signedheaders, but not in the request.");
            }
        }
        for (String name : request.headers().keySet()) {
            String field = name.toLowerCase(Locale.ROOT);
            if (field.startsWith("x-goog-") && !signed.contains(field)) {
                throw header(field, "Header was included in the request, but not in signedheaders.");
            }
        }
    }

    private String canonical(List<String> signed) {
        String query = request.query().stream()
                .filter(entry -> !entry.getKey().equals("X-Goog-Signature"))
                .map(entry -> Percent.encode(entry.getKey()) + "=" + Percent.encode(entry.getValue()))
                .sorted()
                .collect(Collectors.joining("&"));
        String headers = signed.stream()
                .map(name ->
                        name + ":" + request.header(name).orElse("").strip().replaceAll("\\s+", " ") + "\n")
                .collect(Collectors.joining());
        return String.join(
                "\n",
                request.method(),
                request.path(),
                query,
                headers,
                String.join(";", signed),
                request.header("x-goog-content-sha256").orElse("UNSIGNED-PAYLOAD"));
    }

    private boolean verifies(PublicKey key, String text) throws Refusal {
        try {
            byte[] signature = HexFormat.of().parseHex(parameter("X-Goog-Signature"));
            Signature verifier = Signature.getInstance("SHA256withRSA");
            verifier.initVerify(key);
            verifier.update(FakeObjects.utf8(text));
            return verifier.verify(signature);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return false;
        }
    }

    private static String sha256(String text) {
        try {
            return Hashes.hex(MessageDigest.getInstance("SHA-256").digest(FakeObjects.utf8(text)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Instant time(String text) throws Refusal {
        try {
            return TIME.parse(text, Instant::from);
        } catch (DateTimeException e) {
            throw malformed("X-Goog-Date is not valid");
        }
    }

    private static Refusal malformed(String message) {
        return Refusal.badRequest("AuthenticationRequired", "Malformed signed URL: " + message);
    }

    private static Refusal header(String name, String message) {
        return Refusal.badRequest(
                "MalformedSecurityHeader", "Your request has a malformed header: " + name + ". " + message);
    }
}
