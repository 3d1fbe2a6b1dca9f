package io.blobstore.server.internal.http;

import io.blobstore.server.internal.UploadTurns;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The {@link UploadTurns turn} of an upload. Used by one event loop only. */
final class UploadTurn {
    private final Connection connection;
    private final UploadTurns turns;
    /** What was asked for; null for nothing. */
    private @Nullable CompletableFuture<Void> asked;

    private boolean taken;

    UploadTurn(Connection connection) {
        this.connection = connection;
        this.turns = connection.endpoint().context().cache().uploads();
    }

    /** Returns whether this waits for a turn. */
    boolean isWaiting() {
        return asked != null && !taken;
    }

    /**
     * Takes a turn, unless this has one.
     *
     * @param later run when it is taken, unless that is at once
     * @return whether this has it now
     */
    boolean take(Runnable later) {
        if (asked == null) {
            CompletableFuture<Void> turn = turns.take();
            asked = turn;
            taken = turn.isDone();
            if (!taken) {
                connection.await(turn, (nothing, cancelled) -> {
                    if (cancelled == null) {
                        taken = true;
                        later.run();
                    }
                });
            }
        }
        return taken;
    }

    /**
     * Gives back the turn, or ends the wait for it, unless it is just being taken. To be called when nothing of the
     * upload is in memory any more.
     */
    void give() {
        CompletableFuture<Void> turn = asked;
        if (turn == null) {
            return;
        }
        if (taken) {
            asked = null;
            taken = false;
            turns.give();
        } else {
            turns.cancel(turn);
        }
    }
}
