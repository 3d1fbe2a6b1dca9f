package io.blobstore.gcs.grpc;

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

    private final GrpcSettings settings;
    private final ObjectRequests requests;
    private final BlobKey key;
    private final Consumer<ObjectWriter> onEnd;
    private final PendingChunks pending = new PendingChunks();
    private final WriterStreams streams;

    private Operation operation = Operation.STORE;
    private boolean ended;

    /** The object's size when everything that was sent is persisted; negative before the server has said the first. */
    private long sent = -1;

    private long persisted;
    private long flushed;
    private Crc32c crc32c = Crc32c.EMPTY;
    private PendingChunks.@Nullable Chunk filling;
    private boolean finishing;
    private @Nullable Object finalized;

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
        this.streams = new WriterStreams(settings, requests, key, first, this::isFinished);
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
        return streams.generation();
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
            WriteStream last = streams.current();
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
        streams.abort();
        onEnd.accept(this);
    }

    private void end() {
        streams.end();
        onEnd.accept(this);
    }

    /** A step of the writer. */
    private interface Step<T> {
        T run() throws IOException, InterruptedException;
    }

    private <T> T run(Operation current, Step<T> step) throws IOException {
        if (ended || streams.isAborted()) {
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
        WriteStream current = streams.current();
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
        WriteStream current = streams.current();
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
        WriteStream current = streams.current();
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
        WriteStream current = streams.current();
        WriteStream.Event event = current == null ? null : current.poll(0);
        while (event != null) {
            take(event);
            current = streams.current();
            event = current == null ? null : current.poll(0);
        }
    }

    /** Takes events until a condition holds. */
    private void awaitUntil(BooleanSupplier condition) throws IOException, InterruptedException {
        streams.awaitProgress();
        while (!condition.getAsBoolean()) {
            WriteStream current = streams.current();
            if (current == null) {
                connect();
            } else {
                take(streams.next(operation, current));
            }
        }
    }

    private void take(WriteStream.Event event) throws IOException, InterruptedException {
        if (event instanceof WriteStream.Response response) {
            accept(response.message());
        } else if (event instanceof WriteStream.End end && finalized == null && streams.isContinued(operation, end)) {
            connect();
        }
    }

    /** Takes over what a response says about the object. */
    private void accept(BidiWriteObjectResponse response) throws BlobStoreException {
        streams.accept(operation, response);
        long size = response.hasResource() ? response.getResource().getSize() : response.getPersistedSize();
        if (sent >= 0 && (size < persisted || size > sent)) {
            throw WriterStreams.contradiction(
                    operation,
                    key,
                    "it has " + size + " bytes, after it had " + persisted + ", and " + sent + " were sent");
        }
        if (size > persisted || sent < 0) {
            streams.progressed();
        }
        persisted = size;
        pending.persisted(size, streams.current());
        if (response.getResource().hasFinalizeTime()) {
            finalized = response.getResource();
        }
    }

    private StoredBlob verified(Object result) throws IOException, InterruptedException {
        Object described = result.getChecksums().hasCrc32C() ? result : requests.get(operation, key, generation());
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
        return StoredBlob.of(key, sent, new BlobVersion(Long.toString(generation())), found);
    }

    // ---- streams

    /** Opens a stream, and sends what is pending. */
    private void connect() throws IOException, InterruptedException {
        Optional<BidiWriteObjectResponse> response = streams.open(operation);
        if (response.isPresent()) {
            begun(response.get());
        }
    }

    /** Returns whether the object was finalized, although the response was lost. */
    private boolean isFinished() throws IOException, InterruptedException {
        if (finishing) {
            finalized = requests.findFinalized(operation, key, generation(), sent, Optional.of(crc32c));
        }
        return finalized != null;
    }

    /** Continues where the object ends by the first response of a stream. */
    private void begun(BidiWriteObjectResponse response) throws IOException, InterruptedException {
        boolean isFirst = sent < 0;
        accept(response);
        if (isFirst) {
            streams.continueObject(operation);
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
                : requests.checksum(operation, key, generation(), persisted);
    }
}
