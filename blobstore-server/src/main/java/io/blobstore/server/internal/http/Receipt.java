package io.blobstore.server.internal.http;

import io.blobstore.cas.CacheFullException;
import io.blobstore.server.internal.Access;
import io.blobstore.server.internal.BadContentException;
import io.blobstore.server.internal.InvalidRecordException;
import io.blobstore.server.internal.RemoteFailedException;
import io.blobstore.server.internal.Upload;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receives content or a record. A worker takes what has arrived, while more arrives: up to a bound, at which the socket
 * is not read. Nothing is begun for a client that announces much and sends little, and what does not arrive at once
 * waits for its {@link UploadTurn turn}.
 */
final class Receipt extends Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(Receipt.class);

    /** So much arrives before a file is created, unless it is all. */
    private static final int MIN_FIRST = 64 << 10;
    /** So much is worth another task of a worker. */
    private static final int MIN_NEXT = 256 << 10;
    /** So much may wait for a worker. */
    private static final int MAX_WAITING = 512 << 10;

    /** What a buffer takes besides its bytes, of which a client may send one at a time. */
    private static final int BUFFER_BYTES = 256;

    private static final int RETRY_SECONDS = 10;

    private final Resource.Blob blob;
    private final UploadTurn turn;
    private @Nullable UploadPlan plan;

    // Used by the event loop:
    private List<ByteBuf> waiting = new ArrayList<>();
    private long waitingBytes;
    private long received;
    private boolean complete;
    private boolean working;
    private boolean over;
    private volatile boolean aborted;

    /** Used by one worker at a time, which begins it and, if it fails or is complete, closes it. */
    private @Nullable Upload upload;

    Receipt(Connection connection, HttpRequest head, Resource.Blob blob) {
        super(connection, head);
        this.blob = blob;
        this.turn = new UploadTurn(connection);
    }

    @Override
    Access access() {
        return Access.WRITE;
    }

    @Override
    void begin() {
        try {
            plan = UploadPlan.of(head, blob, connection.endpoint().context().cache());
        } catch (UploadPlan.RefusedException e) {
            over = true;
            connection.respond(e.status(), String.valueOf(e.getMessage()));
            return;
        }
        if (HttpUtil.is100ContinueExpected(head)) {
            connection.response().sendContinue();
        }
        connection.readOn();
    }

    @Override
    boolean wantsContent() {
        return !over && !turn.isWaiting() && waitingBytes < MAX_WAITING;
    }

    @Override
    void content(ByteBuf content) {
        if (over || plan == null) {
            content.release();
            return;
        }
        waiting.add(content);
        waitingBytes += content.readableBytes() + BUFFER_BYTES;
        received += content.readableBytes();
        if (received > plan.maxReceived()) {
            refuse(HttpResponseStatus.UNPROCESSABLE_ENTITY, "the body has more bytes than were announced");
        } else {
            work();
        }
    }

    @Override
    void contentEnded() {
        complete = true;
        work();
    }

    private void refuse(HttpResponseStatus status, String text) {
        abort();
        connection.respond(status, text);
    }

    /** Gives what has arrived to a worker, if none works and it is worth it. */
    private void work() {
        UploadPlan planned = plan;
        boolean enough = complete || waitingBytes >= (upload == null ? MIN_FIRST : MIN_NEXT);
        if (planned == null || working || over || !enough || !takeTurn()) {
            return;
        }
        List<ByteBuf> batch = waiting;
        boolean last = complete;
        waiting = new ArrayList<>();
        waitingBytes = 0;
        working = true;
        connection.onWorker(() -> store(planned, batch, last), (stored, failure) -> {
            release(batch); // if no worker took it
            if (stored == null || stored.isDone()) {
                worked(last, failure != null || stored == null ? failure : problem(stored));
            } else {
                turn.give();
                connection.await(stored, (nothing, problem) -> worked(last, problem));
            }
        });
    }

    /** Returns whether it may work: what has not arrived as a whole needs a turn, with which it goes on later. */
    private boolean takeTurn() {
        return (complete && upload == null) || turn.take(this::goOn);
    }

    private void goOn() {
        if (over) {
            turn.give();
        } else {
            work();
            connection.readOn();
        }
    }

    private static @Nullable Throwable problem(CompletableFuture<Void> ended) {
        try {
            ended.join();
            return null;
        } catch (CompletionException e) {
            return e.getCause();
        }
    }

    /** Stores what has arrived; on a worker. The result completes when the client may be told. */
    private CompletableFuture<Void> store(UploadPlan planned, List<ByteBuf> batch, boolean last) throws IOException {
        boolean stored = false;
        try {
            Upload open = upload;
            if (open == null) {
                open = planned.begin(connection.endpoint().context().cache());
                upload = open;
            }
            for (ByteBuf piece : batch) {
                if (aborted) {
                    throw new IOException("the client has gone");
                }
                for (ByteBuffer bytes : piece.nioBuffers()) {
                    open.write(bytes);
                }
            }
            CompletableFuture<Void> done = CompletableFuture.completedFuture(null);
            if (last) {
                done = open.finish();
                open.close();
            }
            stored = true;
            return done;
        } finally {
            release(batch);
            if (!stored && upload != null) {
                upload.close();
            }
        }
    }

    private static void release(List<ByteBuf> buffers) {
        buffers.forEach(ByteBuf::release);
        buffers.clear();
    }

    private void worked(boolean last, @Nullable Throwable failure) {
        working = false;
        boolean closed = (last || failure != null) && !(failure instanceof RejectedExecutionException);
        if (closed) {
            turn.give();
        } else if (aborted || failure != null) {
            closeUpload();
        }
        if (aborted) {
            return;
        }
        if (failure != null) {
            over = true;
            release(waiting);
            fail(failure);
        } else if (last) {
            over = true;
            connection.respond(Responses.empty(HttpResponseStatus.OK));
        } else {
            goOn();
        }
    }

    private void fail(Throwable failure) {
        if (failure instanceof BadContentException) {
            connection.respond(HttpResponseStatus.UNPROCESSABLE_ENTITY, String.valueOf(failure.getMessage()));
        } else if (failure instanceof InvalidRecordException) {
            connection.respond(HttpResponseStatus.BAD_REQUEST, String.valueOf(failure.getMessage()));
        } else if (failure instanceof CacheFullException) {
            FullHttpResponse response =
                    Responses.text(HttpResponseStatus.INSUFFICIENT_STORAGE, String.valueOf(failure.getMessage()));
            response.headers().set(HttpHeaderNames.RETRY_AFTER, RETRY_SECONDS);
            connection.respond(response);
        } else if (failure instanceof RejectedExecutionException) {
            connection.respond(Responses.busy());
        } else if (failure instanceof RemoteFailedException) {
            FullHttpResponse response =
                    Responses.text(HttpResponseStatus.SERVICE_UNAVAILABLE, String.valueOf(failure.getMessage()));
            response.headers().set(HttpHeaderNames.RETRY_AFTER, RETRY_SECONDS);
            connection.respond(response);
        } else if (failure instanceof IllegalStateException) {
            connection.respond(HttpResponseStatus.SERVICE_UNAVAILABLE, "the cache is closed");
        } else {
            LOG.warn("{} was not stored", blob, failure);
            connection.respond(HttpResponseStatus.INTERNAL_SERVER_ERROR, "it was not stored");
        }
    }

    @Override
    void abort() {
        if (over) {
            return;
        }
        over = true;
        aborted = true;
        release(waiting);
        if (!working) {
            closeUpload();
        }
    }

    /** Discards what was stored; on a worker, as files are deleted. */
    private void closeUpload() {
        Upload open = upload;
        if (open == null) {
            turn.give();
            return;
        }
        connection.onWorker(() -> close(open), (closed, failure) -> {
            if (failure instanceof RejectedExecutionException) {
                close(open);
            }
            turn.give();
        });
    }

    private boolean close(Upload open) {
        try {
            open.close();
            return true;
        } catch (IOException e) {
            LOG.warn("an unfinished file of {} stays until the cache is opened again", blob, e);
            return false;
        }
    }
}
