package io.blobstore.split.repository;

import io.blobstore.IntegrityException;
import io.blobstore.Sha256;
import java.security.MessageDigest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The SHA-256 of content that arrives in order, in attempts that may fail: each one continues a copy, which replaces
 * the digest when it has succeeded. Does nothing if no digest is expected. Used by one thread.
 */
final class OrderedDigest {
    private final Optional<Sha256> expected;
    private @Nullable MessageDigest digest;

    OrderedDigest(Optional<Sha256> expected) {
        this.expected = expected;
        this.digest = expected.isPresent() ? Sha256.newMessageDigest() : null;
    }

    /** Returns a copy of the digest so far; null if none is expected. */
    @Nullable MessageDigest copy() {
        MessageDigest current = digest;
        if (current == null) {
            return null;
        }
        try {
            return (MessageDigest) current.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the JDK's SHA-256 cannot be copied", e);
        }
    }

    /** Replaces the digest by one that {@link #copy} returned. */
    void replace(@Nullable MessageDigest continued) {
        digest = continued;
    }

    /** Fails unless the content has the expected digest. */
    void requireExpected() throws IntegrityException {
        MessageDigest current = digest;
        if (current != null) {
            Sha256 actual = Sha256.ofBytes(current.digest());
            if (!actual.equals(expected.orElseThrow())) {
                throw WholeDigest.mismatch(expected.orElseThrow(), actual);
            }
        }
    }
}
