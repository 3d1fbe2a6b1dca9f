package io.blobstore.server.internal.http;

import io.blobstore.IntegrityException;
import io.blobstore.cas.Keyspace;
import io.blobstore.server.internal.CacheAccess;
import io.blobstore.server.internal.ContentRead;
import io.blobstore.server.internal.ReadMemory.Chunk;
import io.blobstore.server.internal.remote.Fetched;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends content or a record. Workers open and read it; one chunk is read while another one is on its way, so that a
 * slow client takes two chunks of memory at most.
 */
final class Download extends Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(Download.class);
    private static final int MAX_ON_THEIR_WAY = 2;

    private final Resource.Blob blob;
    private Representation.Wish wish;
    /** Whether the remote cache was asked. */
    private boolean asked;

    private @Nullable ContentRead read;
    private boolean reading;
    private int onTheirWay;
    private boolean ended;

    @SuppressWarnings("NullAway.Init") // the wish is set when it begins
    Download(Connection connection, HttpRequest head, Resource.Blob blob) {
        super(connection, head);
        this.blob = blob;
    }

    @Override
    void begin() {
        wish = new Representation.Wish(
                blob,
                head.method().equals(HttpMethod.HEAD),
                connection.isEncrypted(),
                AcceptEncoding.parse(head.headers().getAll(HttpHeaderNames.ACCEPT_ENCODING)),
                range(),
                head.headers().getAll(HttpHeaderNames.IF_NONE_MATCH));
        connection.onWorker(() -> find(wish), this::found);
    }

    /** Returns the range that is wanted. One on condition of another version is ignored: all is sent. */
    private Optional<RangeHeader> range() {
        String range = head.headers().get(HttpHeaderNames.RANGE);
        String condition = head.headers().get(HttpHeaderNames.IF_RANGE);
        if (range == null || (condition != null && !condition.equals(EntityTags.strong(blob.hash())))) {
            return Optional.empty();
        }
        return RangeHeader.parse(range);
    }

    /** What was found; null if nothing. And whether the client may have it. */
    private record Found(@Nullable Representation representation, CompletableFuture<Boolean> complete) {
        static final Found NOTHING = new Found(null, CompletableFuture.completedFuture(false));
    }

    private Found find(Representation.Wish wish) throws IOException {
        try {
            CacheAccess cache = connection.endpoint().context().cache();
            CompletableFuture<Boolean> complete = cache.isComplete(blob.keyspace(), blob.hash());
            return Representation.find(cache, wish)
                    .map(found -> new Found(found, complete))
                    .orElse(Found.NOTHING);
        } catch (IntegrityException e) {
            LOG.debug("{} is not there any more", blob, e);
            return Found.NOTHING;
        }
    }

    private void found(@Nullable Found result, @Nullable Throwable failure) {
        Representation found = result == null ? null : result.representation;
        if (ended) { // the connection was closed
            if (found != null) {
                discard(found);
            }
        } else if (result == null) {
            fail(failure);
        } else if (found == null) {
            askRemote();
        } else {
            connection.await(result.complete, (complete, problem) -> completed(found, complete, problem));
        }
    }

    private void completed(Representation found, @Nullable Boolean complete, @Nullable Throwable failure) {
        if (!ended && complete != null && complete) {
            send(found);
            return;
        }
        discard(found);
        if (ended) {
            return;
        }
        if (failure == null) {
            connection.respond(HttpResponseStatus.NOT_FOUND, "not found, or not complete");
        } else {
            fail(failure);
        }
    }

    /** Looks for what the local cache does not have: once, and only for its size if nothing else is wanted. */
    private void askRemote() {
        CacheAccess cache = connection.endpoint().context().cache();
        if (cache.remote().isEmpty() || asked) {
            connection.respond(HttpResponseStatus.NOT_FOUND, "not found");
            return;
        }
        asked = true;
        if (wish.headOnly() && blob.keyspace() == Keyspace.CAS) {
            connection.await(cache.remoteSize(blob.hash()), this::sized);
        } else if (wish.isPlainContent()) {
            connection.await(cache.follow(blob.hash()), this::followed);
        } else {
            connection.await(cache.fetch(blob.keyspace(), blob.hash()), this::fetched);
        }
    }

    private void fetched(@Nullable Boolean found, @Nullable Throwable failure) {
        if (ended) {
            return;
        }
        if (found != null && found) {
            connection.onWorker(() -> find(wish), this::found);
        } else {
            connection.respond(HttpResponseStatus.NOT_FOUND, "not found");
        }
    }

    private void followed(@Nullable Fetched result, @Nullable Throwable failure) {
        if (result instanceof Fetched.Arriving arriving) {
            Representation content = Representation.ofArriving(
                    connection.endpoint().context().cache().memory(), arriving.content(), wish);
            if (ended) {
                discard(content);
            } else {
                send(content);
            }
        } else {
            fetched(result == Fetched.Known.PRESENT, failure);
        }
    }

    private void sized(@Nullable OptionalLong size, @Nullable Throwable failure) {
        if (ended) {
            return;
        }
        if (size != null && size.isPresent()) {
            send(Representation.ofRemote(wish, size.getAsLong()));
        } else {
            connection.respond(HttpResponseStatus.NOT_FOUND, "not found");
        }
    }

    private void discard(Representation representation) {
        try {
            representation.close();
        } catch (IOException e) {
            LOG.debug("{} was not closed", blob, e);
        }
    }

    private void fail(@Nullable Throwable failure) {
        if (failure instanceof RejectedExecutionException) {
            connection.respond(Responses.busy());
        } else if (failure instanceof IllegalStateException) {
            connection.respond(HttpResponseStatus.SERVICE_UNAVAILABLE, "the cache is closed");
        } else {
            LOG.warn("{} cannot be read", blob, failure);
            connection.respond(HttpResponseStatus.INTERNAL_SERVER_ERROR, "it cannot be read");
        }
    }

    private void send(Representation found) {
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, found.status(), found.fields());
        if (found.status().equals(HttpResponseStatus.OK) || found.status().equals(HttpResponseStatus.PARTIAL_CONTENT)) {
            response.headers().set(HttpHeaderNames.CONTENT_TYPE, "application/octet-stream");
        }
        if (!found.status().equals(HttpResponseStatus.NOT_MODIFIED)) {
            response.headers().set(HttpHeaderNames.CONTENT_LENGTH, found.length());
        }
        connection.response().writeHead(response);
        StoredRegion region = found.region();
        if (region != null) {
            connection.response().writePart(region, region.count(), () -> {});
        }
        read = found.read();
        Chunk first = found.first();
        if (first != null) {
            send(first);
        }
        goOn();
    }

    private void send(Chunk chunk) {
        int bytes = chunk.buffer().remaining();
        onTheirWay++;
        // The chunk is closed when the write is over: then neither the socket nor TLS reads it any more.
        DefaultHttpContent part = new DefaultHttpContent(Unpooled.wrappedBuffer(chunk.buffer()));
        connection.response().writePart(part, bytes, () -> {
            chunk.close();
            onTheirWay--;
            goOn();
        });
    }

    /** Reads the next chunk if there is one and room for it; ends the response if all is written. */
    private void goOn() {
        ContentRead source = read;
        if (ended || reading) {
            return;
        }
        if (source == null || source.remaining() == 0) {
            ended = true;
            closeRead();
            connection.response().end();
        } else if (onTheirWay < MAX_ON_THEIR_WAY) {
            reading = true;
            connection.response().flush();
            CompletableFuture<Void> ready = source.ready();
            if (ready.isDone()) {
                connection.onWorker(source::next, this::nextRead);
            } else {
                connection.await(ready, (nothing, failure) -> arrived(source));
            }
        }
    }

    /** Goes on with content that is arriving. */
    private void arrived(ContentRead source) {
        if (ended) {
            nextRead(null, null);
        } else {
            connection.onWorker(source::next, this::nextRead);
        }
    }

    private void nextRead(@Nullable Chunk chunk, @Nullable Throwable failure) {
        reading = false;
        if (ended) {
            if (chunk != null) {
                chunk.close();
            }
            closeRead();
        } else if (chunk == null) {
            LOG.warn("{} is cut off, as it cannot be read: {}", blob, String.valueOf(failure));
            connection.cut();
        } else {
            send(chunk);
            goOn();
        }
    }

    private void closeRead() {
        ContentRead source = read;
        read = null;
        if (source != null) {
            try {
                source.close();
            } catch (IOException e) {
                LOG.debug("{} was not closed", blob, e);
            }
        }
    }

    @Override
    void abort() {
        ended = true;
        if (!reading) {
            closeRead();
        }
    }
}
