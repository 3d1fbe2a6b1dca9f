package io.blobstore.server;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * Who may use a {@link CacheServer}. Immutable.
 *
 * @param htpasswdFile the file of users and their passwords, hashed with bcrypt ({@code htpasswd -B}); read when the
 *     server starts. If it is there, requests need a password
 * @param anonymousReads whether clients may read without the password or the certificate that they need to write
 */
public record AuthOptions(Optional<Path> htpasswdFile, boolean anonymousReads) {
    private static final AuthOptions NONE = new AuthOptions(Optional.empty(), false);

    /** Checks that nothing is null. */
    public AuthOptions {
        Objects.requireNonNull(htpasswdFile, "htpasswdFile");
    }

    /** Returns options that let everyone read and write who can connect. */
    public static AuthOptions none() {
        return NONE;
    }

    /** Returns options that require the password of a user in a file. */
    public static AuthOptions htpasswd(Path file) {
        Objects.requireNonNull(file, "file");
        return new AuthOptions(Optional.of(file), false);
    }

    /** Returns these options with anonymous reads allowed or not. */
    public AuthOptions withAnonymousReads(boolean allowed) {
        return new AuthOptions(htpasswdFile, allowed);
    }
}
