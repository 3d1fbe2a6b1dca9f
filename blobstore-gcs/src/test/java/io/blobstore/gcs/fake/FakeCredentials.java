package io.blobstore.gcs.fake;

import com.google.auth.ServiceAccountSigner;
import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.GoogleCredentials;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.time.Clock;
import java.time.Duration;
import java.util.Date;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The credentials of a service account, without a server: the tokens are {@code fake-token-1}, {@code fake-token-2} and
 * so on, and the signing key is new. Thread-safe. Cannot be serialised.
 */
public final class FakeCredentials extends GoogleCredentials implements ServiceAccountSigner {
    private static final long serialVersionUID = 1;

    private final transient KeyPair keys;
    private final AtomicInteger tokens = new AtomicInteger();

    /** Creates an account with a new key. */
    public FakeCredentials() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            keys = generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the key that verifies the signatures of this account; see {@link FakeGcs#trustSigner}. */
    public PublicKey publicKey() {
        return keys.getPublic();
    }

    /** Returns the number of issued tokens. */
    public int tokens() {
        return tokens.get();
    }

    @Override
    public AccessToken refreshAccessToken() {
        Date expiry = Date.from(Clock.systemUTC().instant().plus(Duration.ofHours(1)));
        return new AccessToken("fake-token-" + tokens.incrementAndGet(), expiry);
    }

    @Override
    public String getAccount() {
        return "fake@some-project.iam.gserviceaccount.com";
    }

    @Override
    public byte[] sign(byte[] toSign) {
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(keys.getPrivate());
            signature.update(toSign);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new SigningException("cannot sign", e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
