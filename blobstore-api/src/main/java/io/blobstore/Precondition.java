package io.blobstore;

import java.util.Objects;

/**
 * The condition that must hold at the moment a blob becomes visible; otherwise nothing is changed. A store whose
 * {@link StoreCapabilities#conditionalStore()} is {@link StoreCapabilities.Support#EMULATED} documents what it does for
 * servers that ignore conditions. Immutable.
 *
 * <pre>{@code
 * BlobVersion version = store.head(key).version();
 * StoreOptions unchanged = StoreOptions.builder()
 *         .precondition(Precondition.ifMatch(version))
 *         .build();
 * try {
 *     store.store(key, BlobSource.ofPath(path), unchanged);
 * } catch (PreconditionFailedException e) {
 *     // another version was stored meanwhile: read it again, and decide anew
 * }
 * }</pre>
 */
public sealed interface Precondition {
    /** Returns the condition that always holds: a blob that the key has is replaced. */
    static Precondition none() {
        return None.INSTANCE;
    }

    /**
     * Returns the condition that the key has no blob. If it has one, the call fails with
     * {@link BlobAlreadyExistsException}.
     */
    static Precondition ifAbsent() {
        return IfAbsent.INSTANCE;
    }

    /**
     * Returns the condition that the key's blob has this version. Otherwise, the call fails with
     * {@link PreconditionFailedException}.
     */
    static Precondition ifMatch(BlobVersion version) {
        return new IfMatch(version);
    }

    /** See {@link Precondition#none()}. */
    enum None implements Precondition {
        /** The only instance. */
        INSTANCE
    }

    /** See {@link Precondition#ifAbsent()}. */
    enum IfAbsent implements Precondition {
        /** The only instance. */
        INSTANCE
    }

    /**
     * See {@link Precondition#ifMatch}.
     *
     * @param version the required version
     */
    record IfMatch(BlobVersion version) implements Precondition {
        /** Creates the condition. */
        public IfMatch {
            Objects.requireNonNull(version, "version");
        }
    }
}
