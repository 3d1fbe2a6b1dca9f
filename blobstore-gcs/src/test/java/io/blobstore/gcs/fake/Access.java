package io.blobstore.gcs.fake;

import java.security.PublicKey;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Who may send requests: who has a token, or a signed URL. Thread-safe. */
final class Access {
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

    void check(Request request, Instant now) throws Refusal {
        if (request.has("X-Goog-Signature") && !JsonApi.isFor(request.path())) {
            new SignedUrl(request).verify(signers, now);
            return;
        }
        Optional<String> header = request.header("Authorization");
        Optional<String> token =
                header.filter(value -> value.startsWith("Bearer ")).map(value -> value.substring("Bearer ".length()));
        if (isRefused(token)) {
            throw Refusal.unauthorized(token.isPresent());
        }
    }

    private synchronized boolean isRefused(Optional<String> token) {
        return required && token.filter(tokens::contains).isEmpty();
    }
}
