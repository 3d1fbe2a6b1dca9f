package io.blobstore;

/**
 * The condition that must hold at the moment a blob becomes visible; otherwise nothing is changed. Immutable.
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
    /** Returns no condition: whatever the key holds is replaced. */
    static Precondition none() {
        return None.INSTANCE;
    }

    /** Returns the condition that the key holds nothing; otherwise {@link BlobAlreadyExistsException}. */
    static Precondition ifAbsent() {
        return IfAbsent.INSTANCE;
    }

    /** Returns the condition that the key holds exactly this version; otherwise {@link PreconditionFailedException}. */
    static Precondition ifMatch(BlobVersion version) {
        return new IfMatch(version);
    }

    /** See {@link Precondition#none()}. */
    enum None implements Precondition {
        /** The only one. */
        INSTANCE
    }

    /** See {@link Precondition#ifAbsent()}. */
    enum IfAbsent implements Precondition {
        /** The only one. */
        INSTANCE
    }

    /**
     * See {@link Precondition#ifMatch}.
     *
     * @param version the version that must be there
     */
    record IfMatch(BlobVersion version) implements Precondition {}
}
