package io.blobstore.gcs.grpc;

import com.google.storage.v2.AppendObjectSpec;
import com.google.storage.v2.BidiWriteHandle;
import com.google.storage.v2.BidiWriteObjectRedirectedError;
import com.google.storage.v2.BidiWriteObjectRequest;
import com.google.storage.v2.BidiWriteObjectResponse;
import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The streams of an {@link ObjectWriter}, one after another: opens them, follows redirects, and decides after the end
 * of one whether there is a next one. One thread at a time; {@link #abort} may be called by any thread.
 */
final class WriterStreams {
    private static final int MAX_REDIRECTS = 5;

    private final GrpcSettings settings;
    private final ObjectRequests requests;
    private final BlobKey key;
    private final Recovery recovery;

    /** The first message of the next stream, without what a redirect demands. */
    private BidiWriteObjectRequest first;

    private volatile @Nullable WriteStream stream;
    private volatile boolean aborted;
    private long generation;
    private Optional<BidiWriteHandle> handle = Optional.empty();
    private Optional<String> routingToken = Optional.empty();
    private int failures;
    private int redirects;
    private long progressAt = System.nanoTime();

    /** What the writer knows when the server refuses its object. */
    interface Recovery {
        /** Returns whether the object is finalized as it should be, so that the response of a stream was lost. */
        boolean isFinished() throws IOException, InterruptedException;
    }

    /**
     * Creates the streams; opens none.
     *
     * @param first the first message of the first stream, which creates the object, or takes it over
     */
    WriterStreams(
            GrpcSettings settings,
            ObjectRequests requests,
            BlobKey key,
            BidiWriteObjectRequest first,
            Recovery recovery) {
        this.settings = settings;
        this.requests = requests;
        this.key = key;
        this.first = first;
        this.recovery = recovery;
    }

    /** Returns the stream that is open; null if there is none. */
    @Nullable WriteStream current() {
        return stream;
    }

    /** Returns the object's generation; 0 before the first response. */
    long generation() {
        return generation;
    }

    /** Opens a stream, repeatedly if necessary. Returns its first response; empty if the object is finished. */
    Optional<BidiWriteObjectResponse> open(Operation operation) throws IOException, InterruptedException {
        do {
            requireNotAborted(operation);
            WriteStream opened = requests.openWrite(routingToken);
            stream = opened;
            if (aborted) {
                opened.cancel();
            }
            opened.send(firstMessage());
            awaitProgress();
            WriteStream.Event event = next(operation, opened);
            if (event instanceof WriteStream.Response response) {
                routingToken = Optional.empty();
                return Optional.of(response.message());
            }
            if (!isContinued(operation, (WriteStream.End) event)) {
                return Optional.empty();
            }
        } while (true);
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

    private void requireNotAborted(Operation operation) throws BlobStoreException {
        if (aborted) {
            throw new BlobStoreException(operation, key, "the upload was aborted", null, false);
        }
    }

    /** Lets the time limit for progress begin. */
    void awaitProgress() {
        progressAt = System.nanoTime();
    }

    /** Notes progress: later failures are counted anew. */
    void progressed() {
        awaitProgress();
        failures = 0;
        redirects = 0;
    }

    /** Waits for the next event of a stream, no longer than the server may make no progress. */
    WriteStream.Event next(Operation operation, WriteStream current) throws IOException, InterruptedException {
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

    /** Takes over what a response says about the object, for the next stream. */
    void accept(Operation operation, BidiWriteObjectResponse response) throws BlobStoreException {
        if (response.hasWriteHandle()) {
            handle = Optional.of(response.getWriteHandle());
        }
        if (response.hasResource()) {
            long found = response.getResource().getGeneration();
            if (generation != 0 && found != generation) {
                throw contradiction(operation, key, "its generation is " + found + " instead of " + generation);
            }
            generation = found;
        }
    }

    /** Lets all further streams append to the object that the first response has described. */
    void continueObject(Operation operation) throws BlobStoreException {
        if (generation == 0) {
            generation = first.getAppendObjectSpec().getGeneration();
        }
        if (generation == 0) {
            throw new BlobStoreException(operation, key, "the server's response names no generation", null, false);
        }
        first = append(generation);
    }

    private BidiWriteObjectRequest append(long existing) {
        return BidiWriteObjectRequest.newBuilder()
                .setAppendObjectSpec(AppendObjectSpec.newBuilder()
                        .setBucket(settings.bucketResource())
                        .setObject(requests.object())
                        .setGeneration(existing))
                .build();
    }

    /**
     * Decides after the end of a stream whether another one is to be opened, and waits for its time.
     *
     * @return false if the object is finished
     * @throws FencedException if the object has another writer
     */
    boolean isContinued(Operation operation, WriteStream.End end) throws IOException, InterruptedException {
        stream = null;
        Status status = end.status().isOk()
                ? Status.UNAVAILABLE.withDescription("the server closed the stream too early")
                : end.status();
        Optional<BidiWriteObjectRedirectedError> redirect = SessionEnd.detail(
                StatusProto.fromStatusAndTrailers(status, end.trailers()), BidiWriteObjectRedirectedError.class);
        if (redirect.isPresent() && ++redirects <= MAX_REDIRECTS) {
            follow(operation, redirect.get());
            return true;
        }
        requireNotAborted(operation);
        boolean isGone =
                status.getCode() == Status.Code.FAILED_PRECONDITION || status.getCode() == Status.Code.NOT_FOUND;
        if (isGone && recovery.isFinished()) {
            return false;
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
        return true;
    }

    private void follow(Operation operation, BidiWriteObjectRedirectedError redirect) throws BlobStoreException {
        if (redirect.hasRoutingToken()) {
            routingToken = Optional.of(redirect.getRoutingToken());
        }
        if (redirect.hasWriteHandle()) {
            handle = Optional.of(redirect.getWriteHandle());
        }
        if (redirect.hasGeneration() && first.hasWriteObjectSpec()) { // the object was created by an earlier attempt
            first = append(redirect.getGeneration());
        } else if (redirect.hasGeneration() && generation != 0 && redirect.getGeneration() != generation) {
            throw contradiction(
                    operation,
                    key,
                    "a redirect names the generation " + redirect.getGeneration() + " instead of " + generation);
        }
    }

    static BlobStoreException contradiction(Operation operation, BlobKey key, String difference) {
        return new IntegrityException(
                operation, key, "the server's object is not the one that is written: " + difference, null);
    }

    boolean isAborted() {
        return aborted;
    }

    /** Ends the stream at once, and lets none be opened. Idempotent. */
    void abort() {
        aborted = true;
        end();
    }

    /** Cancels the stream that is open, which does nothing if it has ended. */
    void end() {
        WriteStream last = stream;
        if (last != null) {
            last.cancel();
        }
    }
}
