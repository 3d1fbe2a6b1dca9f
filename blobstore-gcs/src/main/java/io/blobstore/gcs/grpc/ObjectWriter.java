package io.blobstore.gcs.grpc;

import com.google.storage.v2.AppendObjectSpec;
import com.google.storage.v2.BidiWriteHandle;
import com.google.storage.v2.BidiWriteObjectRedirectedError;
import com.google.storage.v2.BidiWriteObjectRequest;
import com.google.storage.v2.BidiWriteObjectResponse;
import com.google.storage.v2.Object;
import com.google.storage.v2.ObjectChecksums;
import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.StoredBlob;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The writer of an appendable object. Sends chunks, asks the server regularly to persist them, and keeps those that are
 * not persisted: if a stream fails, the next one continues where the server says that the object ends.
 *
 * <p>One thread at a time may write; {@link #abort} may be called by any thread. A call that fails ends the writer; the
 * object keeps what is persisted, and may be taken over.
 */
public final class ObjectWriter {
    /** How much is sent between two flushes, as in google-cloud-storage's FlushPolicy. */
    private static final long FLUSH_INTERVAL = 4 << 20;

    private static final int MAX_REDIRECTS = 5;

    private final GrpcSettings settings;
    private final ObjectRequests requests;
    private final BlobKey key;
    private final Consumer<ObjectWriter> onEnd;
    private final PendingChunks pending = new PendingChunks();

    /** The first message of the next stream, without what a redirect demands. */
    private BidiWriteObjectRequest first;

    private Operation operation = Operation.STORE;
    private volatile @Nullable WriteStream stream;
    private volatile boolean aborted;
    private boolean ended;
    private long generation;
    private Optional<BidiWriteHandle> handle = Optional.empty();
    private Optional<String> routingToken = Optional.empty();

    /** The object's size when everything that was sent is persisted; negative before the server has said the first. */
    private long sent = -1;

    private long persisted;
    private long flushed;
    private Crc32c crc32c = Crc32c.EMPTY;
    private PendingChunks.@Nullable Chunk filling;
    private boolean finishing;
    private @Nullable Object finalized;
    private int failures;
    private int redirects;
    private long progressAt = System.nanoTime();

    ObjectWriter(
            GrpcSettings settings,
            Connection connection,
            BlobKey key,
            String object,
            BidiWriteObjectRequest first,
            Consumer<ObjectWriter> onEnd) {
        this.settings = settings;
        this.requests = new ObjectRequests(settings, connection, object);
        this.key = key;
        this.first = first;
        this.onEnd = onEnd;
    }

    /** Opens the first stream. */
    void begin(Operation beginning) throws IOException {
        run(beginning, () -> {
            connect();
            return key; // no result
        });
    }

    /** Returns the object's generation. */
    public long generation() {
        return generation;
    }

    /** Returns how many bytes of the object the server is known to have persisted. */
    public long persistedSize() {
        return persisted;
    }

    /** Returns the object's size when everything that was appended is persisted. */
    public long size() {
        PendingChunks.Chunk unsent = filling;
        return sent + (unsent == null ? 0 : unsent.length());
    }

    /** Returns the checksum of what was sent: directly after the beginning, or a flush, of the whole object. */
    public Crc32c crc32c() {
        return crc32c;
    }

    // ---- what the caller does

    /**
     * Appends the remaining bytes of a buffer, which is at its limit afterwards. Waits while too much is pending.
     *
     * @param more how much of the content is known to follow this buffer
     */
    public void append(Operation appending, ByteBuffer content, long more) throws IOException {
        run(appending, () -> {
            while (content.hasRemaining()) {
                PendingChunks.Chunk chunk = filling;
                if (chunk == null) {
                    chunk = pending.newChunk(content.remaining() + more);
                    filling = chunk;
                }
                chunk.fill(content);
                if (chunk.isFull()) {
                    sendFilling();
                }
            }
            return key; // no result
        });
    }

    /** Waits until everything that was appended is persisted, and returns the object's size. */
    public long flush(Operation flushing) throws IOException {
        return run(flushing, () -> {
            flushAll();
            return persisted;
        });
    }

    /** Makes the object immutable, compares its size and checksum with what was sent, and ends the writer. */
    public StoredBlob finish(Operation finishingOperation) throws IOException {
        StoredBlob stored = run(finishingOperation, () -> {
            sendFilling();
            finishing = true;
            sendFinish();
            awaitUntil(() -> finalized != null);
            return verified(Objects.requireNonNull(finalized));
        });
        ended = true;
        end();
        return stored;
    }

    /** Waits until everything that was appended is persisted, and ends the writer, but does not finalize the object. */
    public long close(Operation closing) throws IOException {
        long size = run(closing, () -> {
            flushAll();
            WriteStream last = stream;
            if (last != null) {
                last.halfClose();
                WriteStream.Event event;
                do {
                    event = last.poll(settings.stallTimeout().toNanos());
                } while (event instanceof WriteStream.Response);
            }
            return persisted;
        });
        ended = true;
        end();
        return size;
    }

    /** Ends the writer at once. What is not persisted is lost; a call under way fails. Idempotent. */
    public void abort() {
        aborted = true;
        end();
    }

    private void end() {
        WriteStream last = stream;
        if (last != null) {
            last.cancel(); // does nothing if it has ended
        }
        onEnd.accept(this);
    }

    /** A step of the writer. */
    private interface Step<T> {
        T run() throws IOException, InterruptedException;
    }

    private <T> T run(Operation current, Step<T> step) throws IOException {
        if (ended || aborted) {
            throw new IllegalStateException("the upload of '" + key + "' has ended");
        }
        operation = current;
        boolean succeeded = false;
        try {
            T result = step.run();
            succeeded = true;
            return result;
        } catch (InterruptedException e) {
            throw settings.errors().translate(operation, key, e);
        } finally {
            if (!succeeded) {
                ended = true;
                end();
            }
        }
    }

    // ---- sending

    private void sendFilling() throws IOException, InterruptedException {
        takeEvents();
        PendingChunks.Chunk chunk = filling;
        if (chunk == null) {
            return;
        }
        awaitUntil(() -> !pending.isFullFor(chunk));
        filling = null;
        pending.add(chunk, sent);
        crc32c = crc32c.combine(chunk.crc32c(), chunk.length());
        send(chunk, sent);
        sent += chunk.length();
    }

    /** Sends a chunk from a position of the object on, and a flush if there was none for a while. */
    private void send(PendingChunks.Chunk chunk, long from) {
        WriteStream current = stream;
        if (current != null) {
            boolean flush = chunk.end() - flushed >= FLUSH_INTERVAL;
            chunk.sending(current);
            current.send(
                    chunk.message(from).setFlush(flush).setStateLookup(flush).build());
            flushed = flush ? chunk.end() : flushed;
        }
    }

    private void flushAll() throws IOException, InterruptedException {
        sendFilling();
        sendFlush();
        awaitUntil(() -> persisted >= sent);
    }

    private void sendFlush() {
        WriteStream current = stream;
        if (current != null && flushed < sent) {
            current.send(BidiWriteObjectRequest.newBuilder()
                    .setWriteOffset(sent)
                    .setFlush(true)
                    .setStateLookup(true)
                    .build());
            flushed = sent;
        }
    }

    private void sendFinish() {
        WriteStream current = stream;
        if (current != null) {
            current.send(BidiWriteObjectRequest.newBuilder()
                    .setWriteOffset(sent)
                    .setFinishWrite(true)
                    .setObjectChecksums(ObjectChecksums.newBuilder().setCrc32C(crc32c.value()))
                    .build());
        }
    }

    // ---- receiving

    /** Takes the events that are there. */
    private void takeEvents() throws IOException, InterruptedException {
        WriteStream current = stream;
        WriteStream.Event event = current == null ? null : current.poll(0);
        while (event != null) {
            take(event);
            current = stream;
            event = current == null ? null : current.poll(0);
        }
    }

    /** Takes events until a condition holds. */
    private void awaitUntil(BooleanSupplier condition) throws IOException, InterruptedException {
        progressAt = System.nanoTime();
        while (!condition.getAsBoolean()) {
            WriteStream current = stream;
            if (current == null) {
                connect();
            } else {
                take(next(current));
            }
        }
    }

    /** Waits for an event, no longer than the server may make no progress. */
    private WriteStream.Event next(WriteStream current) throws IOException, InterruptedException {
        long limit = settings.stallTimeout().toNanos();
        WriteStream.Event event = current.poll(Math.max(0, limit - (System.nanoTime() - progressAt)));
        if (event == null) {
            throw new BlobStoreException(
                    operation,
                    key,
                    "the server has made no progress for "
                            + settings.stallTimeout().toMillis() + " ms",
                    null,
                    true);
        }
        return event;
    }

    private void take(WriteStream.Event event) throws IOException, InterruptedException {
        if (event instanceof WriteStream.Response response) {
            accept(response.message());
        } else if (event instanceof WriteStream.End end && finalized == null) {
            prepareNext(end);
            connect();
        }
    }

    /** Takes over what a response says about the object. */
    private void accept(BidiWriteObjectResponse response) throws BlobStoreException {
        if (response.hasWriteHandle()) {
            handle = Optional.of(response.getWriteHandle());
        }
        if (response.hasResource()) {
            long found = response.getResource().getGeneration();
            if (generation != 0 && found != generation) {
                throw contradiction("its generation is " + found + " instead of " + generation);
            }
            generation = found;
        }
        long size = response.hasResource() ? response.getResource().getSize() : response.getPersistedSize();
        if (sent >= 0 && (size < persisted || size > sent)) {
            throw contradiction(
                    "it has " + size + " bytes, after it had " + persisted + ", and " + sent + " were sent");
        }
        if (size > persisted || sent < 0) {
            progressAt = System.nanoTime();
            failures = 0;
            redirects = 0;
        }
        persisted = size;
        pending.persisted(size, stream);
        if (response.getResource().hasFinalizeTime()) {
            finalized = response.getResource();
        }
    }

    private BlobStoreException contradiction(String difference) {
        return new IntegrityException(
                operation, key, "the server's object is not the one that is written: " + difference, null);
    }

    private StoredBlob verified(Object result) throws IOException, InterruptedException {
        Object described = result.getChecksums().hasCrc32C() ? result : requests.get(operation, key, generation);
        Optional<Crc32c> found = ObjectRequests.checksum(described);
        if (described.getSize() != sent || !found.equals(Optional.of(crc32c))) {
            throw new IntegrityException(
                    operation,
                    key,
                    "the server has finalized " + described.getSize() + " bytes with the checksum "
                            + found.map(Crc32c::toString).orElse("(none)") + ", but " + sent + " with " + crc32c
                            + " were sent",
                    null);
        }
        return StoredBlob.of(key, sent, new BlobVersion(Long.toString(generation)), found);
    }

    // ---- streams

    /** Opens a stream, repeatedly if necessary, and sends what is pending. */
    private void connect() throws IOException, InterruptedException {
        while (finalized == null) {
            if (aborted) {
                throw new BlobStoreException(operation, key, "the upload was aborted", null, false);
            }
            WriteStream opened = requests.openWrite(routingToken);
            stream = opened;
            if (aborted) {
                opened.cancel();
            }
            opened.send(firstMessage());
            progressAt = System.nanoTime();
            WriteStream.Event event = next(opened);
            if (event instanceof WriteStream.Response response) {
                begun(response.message());
                return;
            }
            prepareNext((WriteStream.End) event);
        }
    }

    private BidiWriteObjectRequest firstMessage() {
        BidiWriteObjectRequest.Builder message = first.toBuilder().setStateLookup(true);
        if (message.hasAppendObjectSpec()) {
            AppendObjectSpec.Builder spec = message.getAppendObjectSpecBuilder();
            handle.ifPresent(spec::setWriteHandle);
            routingToken.ifPresent(spec::setRoutingToken);
        }
        return message.build();
    }

    /** Continues where the object ends by the first response of a stream. */
    private void begun(BidiWriteObjectResponse response) throws IOException, InterruptedException {
        boolean isFirst = sent < 0;
        accept(response);
        routingToken = Optional.empty();
        if (isFirst) {
            if (generation == 0) {
                generation = first.getAppendObjectSpec().getGeneration();
            }
            if (generation == 0) {
                throw new BlobStoreException(operation, key, "the server's response names no generation", null, false);
            }
            first = BidiWriteObjectRequest.newBuilder()
                    .setAppendObjectSpec(AppendObjectSpec.newBuilder()
                            .setBucket(settings.bucketResource())
                            .setObject(requests.object())
                            .setGeneration(generation))
                    .build();
            sent = persisted;
            flushed = persisted;
            crc32c = persisted == 0 ? Crc32c.EMPTY : checksumOfPersisted(response);
            return;
        }
        boolean waits = flushed > persisted;
        flushed = persisted;
        for (PendingChunks.Chunk chunk : pending.chunks()) {
            send(chunk, persisted);
        }
        if (waits) {
            sendFlush();
        }
        if (finishing) {
            sendFinish();
        }
    }

    /** Returns the checksum of the object as it was taken over: the server's, or else that of what it sends. */
    private Crc32c checksumOfPersisted(BidiWriteObjectResponse response) throws IOException, InterruptedException {
        ObjectChecksums known = response.getResource().getSize() == persisted
                ? response.getResource().getChecksums()
                : ObjectChecksums.getDefaultInstance();
        return known.hasCrc32C()
                ? new Crc32c(known.getCrc32C())
                : requests.checksum(operation, key, generation, persisted);
    }

    /** Decides after the end of a stream whether there is a next one, and waits for its time. */
    private void prepareNext(WriteStream.End end) throws IOException, InterruptedException {
        stream = null;
        Status status = end.status().isOk()
                ? Status.UNAVAILABLE.withDescription("the server closed the stream too early")
                : end.status();
        Optional<BidiWriteObjectRedirectedError> redirect = SessionEnd.detail(
                StatusProto.fromStatusAndTrailers(status, end.trailers()), BidiWriteObjectRedirectedError.class);
        if (redirect.isPresent() && ++redirects <= MAX_REDIRECTS) {
            follow(redirect.get());
            return;
        }
        if (aborted) {
            throw new BlobStoreException(operation, key, "the upload was aborted", null, false);
        }
        boolean isGone =
                status.getCode() == Status.Code.FAILED_PRECONDITION || status.getCode() == Status.Code.NOT_FOUND;
        if (isGone && finishing) {
            finalized = requests.findFinalized(operation, key, generation, sent, Optional.of(crc32c));
            if (finalized != null) {
                return; // the response to an earlier attempt was lost
            }
        }
        if (status.getCode() == Status.Code.FAILED_PRECONDITION && first.hasAppendObjectSpec()) {
            throw new FencedException(
                    operation,
                    key,
                    "another writer has taken the object over, or it was finalized (" + GrpcErrors.describe(status)
                            + ")",
                    status.asRuntimeException());
        }
        BlobStoreException problem =
                GrpcErrors.translate(settings.errors(), operation, key, status, status.asRuntimeException());
        if (!problem.isRetryable() || ++failures >= settings.maxAttempts()) {
            problem.setAttempts(failures);
            throw problem;
        }
        GrpcWrites.pause(settings, failures);
    }

    private void follow(BidiWriteObjectRedirectedError redirect) throws BlobStoreException {
        if (redirect.hasRoutingToken()) {
            routingToken = Optional.of(redirect.getRoutingToken());
        }
        if (redirect.hasWriteHandle()) {
            handle = Optional.of(redirect.getWriteHandle());
        }
        if (redirect.hasGeneration() && first.hasWriteObjectSpec()) { // the object was created by an earlier attempt
            first = BidiWriteObjectRequest.newBuilder()
                    .setAppendObjectSpec(AppendObjectSpec.newBuilder()
                            .setBucket(settings.bucketResource())
                            .setObject(requests.object())
                            .setGeneration(redirect.getGeneration()))
                    .build();
        } else if (redirect.hasGeneration() && generation != 0 && redirect.getGeneration() != generation) {
            throw contradiction(
                    "a redirect names the generation " + redirect.getGeneration() + " instead of " + generation);
        }
    }
}
