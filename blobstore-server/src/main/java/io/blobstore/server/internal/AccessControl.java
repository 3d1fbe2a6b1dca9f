package io.blobstore.server.internal;

import io.blobstore.server.AuthOptions;
import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decides who may do what. A password costs a tenth of a second to check, once: those that were right are remembered.
 * One thread checks passwords, so that guesses take no more of the machine than that. Thread-safe.
 */
public final class AccessControl implements Closeable {
    private static final int MAX_WAITING = 64;
    private static final long IDLE_SECONDS = 10;

    /** What may become of a request. */
    public enum Outcome {
        /** It may go on. */
        ALLOWED,
        /** It lacks a password, or has a wrong one. */
        UNAUTHENTICATED,
        /** It lacks a client certificate. */
        FORBIDDEN,
        /** Too many passwords are being checked. */
        BUSY
    }

    /**
     * A decision.
     *
     * @param user the name of the user, for the log; empty if there is none
     */
    public record Decision(Outcome outcome, String user) {}

    private static final Decision ANONYMOUS = new Decision(Outcome.ALLOWED, "");
    private static final Decision UNAUTHENTICATED = new Decision(Outcome.UNAUTHENTICATED, "");
    private static final Decision FORBIDDEN = new Decision(Outcome.FORBIDDEN, "");
    private static final Decision BUSY = new Decision(Outcome.BUSY, "");

    private final Optional<Passwords> passwords;
    private final boolean certificates;
    private final boolean anonymousReads;
    private final ThreadPoolExecutor checks;

    private AccessControl(Optional<Passwords> passwords, boolean certificates, boolean anonymousReads) {
        this.passwords = passwords;
        this.certificates = certificates;
        this.anonymousReads = anonymousReads;
        checks = new ThreadPoolExecutor(
                1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MAX_WAITING), task -> {
                    Thread thread = new Thread(task, "blobstore-server-auth");
                    thread.setDaemon(true);
                    return thread;
                });
        checks.allowCoreThreadTimeOut(true);
    }

    /**
     * Creates the access control of a server.
     *
     * @param certificates whether clients need a certificate
     * @throws IOException if the file of passwords cannot be read, or is not valid
     */
    public static AccessControl of(AuthOptions options, boolean certificates) throws IOException {
        Optional<Passwords> passwords = options.htpasswdFile().isPresent()
                ? Optional.of(Passwords.read(options.htpasswdFile().get()))
                : Optional.empty();
        return new AccessControl(passwords, certificates, options.anonymousReads());
    }

    /** Returns whether clients may read without the password or certificate that they need to write. */
    public boolean allowsAnonymousReads() {
        return anonymousReads;
    }

    /**
     * Decides about a request.
     *
     * @param authorization the header field of that name; null if there is none
     * @param certified whether the client has shown a valid certificate
     * @param then receives the decision: on this thread if it is known at once, otherwise on another one
     */
    public void decide(Access access, @Nullable String authorization, boolean certified, Consumer<Decision> then) {
        boolean anonymous = access == Access.READ && anonymousReads;
        if (certificates && !certified && !anonymous) {
            then.accept(FORBIDDEN);
        } else if (passwords.isEmpty() || (authorization == null && anonymous)) {
            then.accept(ANONYMOUS);
        } else {
            decide(passwords.get(), authorization, then);
        }
    }

    private void decide(Passwords known, @Nullable String authorization, Consumer<Decision> then) {
        Optional<Credentials> parsed = Credentials.parse(authorization);
        if (parsed.isEmpty()) {
            then.accept(UNAUTHENTICATED);
            return;
        }
        Credentials credentials = parsed.get();
        if (known.remembers(credentials)) {
            then.accept(new Decision(Outcome.ALLOWED, credentials.user()));
            return;
        }
        try {
            checks.execute(() -> then.accept(
                    known.check(credentials) ? new Decision(Outcome.ALLOWED, credentials.user()) : UNAUTHENTICATED));
        } catch (RejectedExecutionException e) {
            then.accept(BUSY);
        }
    }

    /** Ends the thread; checks that wait are dropped. */
    @Override
    public void close() {
        checks.shutdownNow();
    }
}
