package io.blobstore;

/** What must hold at the moment a blob becomes visible, or nothing is changed. */
public sealed interface Precondition {
    /** No condition: whatever the key holds is replaced. */
    static Precondition none() {
        return None.INSTANCE;
    }

    /** The key must hold nothing; otherwise {@link BlobAlreadyExistsException}. */
    static Precondition ifAbsent() {
        return IfAbsent.INSTANCE;
    }

    /** The key must hold exactly this version; otherwise {@link PreconditionFailedException}. */
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
