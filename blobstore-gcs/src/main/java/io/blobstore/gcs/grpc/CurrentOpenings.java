package io.blobstore.gcs.grpc;

import io.grpc.Status;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * The openings of sessions for the current versions of objects. A read without a version must see the current one, so
 * it cannot join an opening that has begun before the read. It joins one that waits for such an opening to end: one
 * opening serves all reads that came before it began. All methods require the pool's lock.
 */
final class CurrentOpenings {
    private final Condition changed;
    /** The openings that have not begun, by object. */
    private final Map<String, Opening> waiting = new HashMap<>();
    /** The objects whose current version is being opened. */
    private final Set<String> begun = new HashSet<>();

    /**
     * Creates an object without openings.
     *
     * @param changed a condition of the pool's lock, which is signalled when an opening has ended
     */
    CurrentOpenings(Condition changed) {
        this.changed = changed;
    }

    /** One opening, and its outcome. */
    static final class Opening {
        private boolean done;
        private @Nullable ObjectVersion version;
        /** Why there is no version; after an interrupt of the thread that opened it, others may try again. */
        private SessionEnd failure = SessionEnd.of(Status.CANCELLED);

        /** Returns the version that was opened. */
        ObjectVersion versionOrThrow() throws SessionEndedException {
            if (version == null) {
                throw new SessionEndedException(failure);
            }
            return version;
        }
    }

    /** Waits for the end of an opening that another read waits to begin; returns empty at once if there is none. */
    Optional<Opening> join(String object) throws InterruptedException {
        Opening joined = waiting.get(object);
        while (joined != null && !joined.done) {
            changed.await();
        }
        return Optional.ofNullable(joined);
    }

    /**
     * Begins an opening of an object's current version, as soon as no other one is under way. Must be followed by
     * {@link #succeed} or {@link #fail}.
     */
    Opening begin(String object) throws InterruptedException {
        Opening own = new Opening();
        waiting.put(object, own);
        try {
            while (begun.contains(object)) {
                changed.await();
            }
            begun.add(object);
        } catch (InterruptedException e) {
            own.done = true;
            changed.signalAll();
            throw e;
        } finally {
            waiting.remove(object, own);
        }
        return own;
    }

    void succeed(String object, Opening own, ObjectVersion version) {
        own.version = version;
        end(object, own);
    }

    /**
     * Ends an opening without a version.
     *
     * @param failure the reason for the reads that have joined; null if it is that of the opening read alone
     */
    void fail(String object, Opening own, @Nullable SessionEnd failure) {
        own.failure = failure == null ? own.failure : failure;
        end(object, own);
    }

    private void end(String object, Opening own) {
        begun.remove(object);
        own.done = true;
        changed.signalAll();
    }
}
