package io.blobstore.gcs.grpc;

import com.google.storage.v2.Object;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadResult;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.Checksums;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One read: requests the range, and after a failure the bytes that are missing, of the same version. Not thread-safe.
 *
 * <p>A range on a stream may end early for many reasons that concern neither the blob nor the caller: the server moves,
 * redirects, or forgets to send the rest. Those are repeated here, as a transfer would wait longer than the whole read
 * takes; the first time after at most 10 ms. A server that is silent is not asked again: the caller learns of it after
 * one time limit.
 */
final class ObjectRead {
    private static final Logger LOGGER = LoggerFactory.getLogger(ObjectRead.class);
    private static final Operation OPERATION = Operation.READ;
    private static final Duration FIRST_DELAY = Duration.ofMillis(10);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(1);

    /** For each of these, there may be one failure more: a long range meets more of them. */
    private static final long BYTES_PER_FAILURE = 8L << 20;

    private final GrpcSettings settings;
    private final SessionPool pool;
    private final BlobKey key;
    private final String object;
    private final ByteRange range;
    private final Optional<Long> wanted;
    private final BlobTarget.Window target;
    private final long room;

    private @Nullable BlobMetadata blob;
    private long generation;
    /** The bytes that the range denotes; known with the blob. */
    private ByteRange exact = ByteRange.of(0, 0);

    private long done;
    private Crc32c checksum = Crc32c.EMPTY;

    private Optional<SessionEnd.Redirect> redirect = Optional.empty();
    private int failures;
    private int failuresInVain;

    ObjectRead(
            GrpcSettings settings,
            SessionPool pool,
            BlobKey key,
            String object,
            ByteRange range,
            Optional<Long> wanted,
            BlobTarget.Window target) {
        this.settings = settings;
        this.pool = pool;
        this.key = key;
        this.object = object;
        this.range = range;
        this.wanted = wanted;
        this.target = target;
        this.room = target.remaining();
        this.generation = wanted.orElse(0L);
    }

    /** Reads the range; can be called once. */
    ReadResult run() throws IOException {
        try {
            while (true) {
                long before = done;
                Optional<BlobStoreException> problem = attempt();
                if (problem.isEmpty()) {
                    return verified();
                }
                failures++;
                failuresInVain = done > before ? 1 : failuresInVain + 1;
                if (!problem.get().isRetryable() && !(problem.get() instanceof IntegrityException)) {
                    throw problem.get();
                }
                if (failures >= settings.maxAttempts() + done / BYTES_PER_FAILURE) {
                    throw partial(problem.get());
                }
                LOGGER.atLevel(problem.get() instanceof IntegrityException ? Level.WARN : Level.DEBUG)
                        .log("{}; requesting the rest again", problem.get().getMessage());
                pause();
            }
        } catch (InterruptedException e) {
            throw settings.errors().translate(OPERATION, key, e);
        }
    }

    /** Waits with exponential backoff and full jitter, but not before following a redirect. */
    private void pause() throws InterruptedException {
        if (redirect.isPresent() && failuresInVain == 1) {
            return;
        }
        long longest = Math.min(LONGEST_DELAY.toNanos(), FIRST_DELAY.toNanos() << Math.min(failuresInVain - 1, 20));
        settings.clock().sleep(Duration.ofNanos(ThreadLocalRandom.current().nextLong(longest + 1)));
    }

    /** Requests what is missing. Returns why some of it still is; empty if all has arrived. */
    private Optional<BlobStoreException> attempt() throws IOException, InterruptedException {
        long expected = blob != null ? exact.length() - done : Math.min(range.length(), room);
        try (SessionPool.Lease lease = pool.acquire(object, generation, expected, redirect)) {
            redirect = Optional.empty();
            describe(lease.session().resource());
            if (done == exact.length()) {
                return Optional.empty();
            }
            RangeRead read = lease.request(exact.offset() + done, exact.length() - done, target);
            RangeRead.Outcome outcome = RangeRead.Outcome.ABANDONED;
            try {
                outcome = read.await(settings.stallTimeout().toNanos());
            } finally {
                lease.session().release(read, outcome == RangeRead.Outcome.COMPLETE);
                checksum = checksum.combine(read.checksum(), read.received());
                done += read.received();
            }
            return done == exact.length() ? Optional.empty() : Optional.of(problem(outcome, read));
        } catch (SessionEndedException e) {
            BlobStoreException problem = translate(e.end(), e);
            if (e.end().status().getCode() == Status.Code.DEADLINE_EXCEEDED) {
                throw partial(problem); // silence
            }
            return Optional.of(problem);
        }
    }

    /** Takes the description of the object: the first one decides about version and range. */
    private void describe(Object resource) throws BlobStoreException {
        BlobMetadata described = ObjectDescription.of(key, resource);
        BlobMetadata known = blob;
        if (known == null) {
            if (wanted.isPresent() && resource.getGeneration() != wanted.get()) {
                throw new PreconditionFailedException(
                        OPERATION, key, "its version is " + described.version() + " and not " + wanted.get(), null);
            }
            exact = ByteRanges.resolve(range, key, described.size(), room);
            generation = resource.getGeneration();
            blob = described;
        } else if (resource.getGeneration() != generation || described.size() < exact.offset() + exact.length()) {
            throw new BlobStoreException(
                    OPERATION,
                    key,
                    "the server describes one version of the blob in two ways: " + known + " and " + described,
                    null,
                    false);
        }
    }

    private BlobStoreException problem(RangeRead.Outcome outcome, RangeRead read) throws IOException {
        Exception cause = read.cause();
        return switch (outcome) {
            case SESSION_ENDED -> translate(read.sessionEnd(), cause);
            case CHECKSUM -> new IntegrityException(OPERATION, key, read.detail(), null);
            case TARGET -> {
                if (cause instanceof RuntimeException e) {
                    throw e;
                }
                throw cause instanceof IOException e ? e : new IOException(cause);
            }
            case ABANDONED -> // silence
                throw partial(new BlobStoreException(OPERATION, key, read.detail(), null, true));
            case COMPLETE, SHORT, UNREQUESTED -> new BlobStoreException(OPERATION, key, read.detail(), null, true);
        };
    }

    // ---- errors

    private BlobStoreException translate(SessionEnd end, @Nullable Exception cause) {
        if (end.redirect().isPresent()) {
            redirect = end.redirect();
        }
        BlobStoreException translated =
                end.redirect().isPresent() || end.status().isOk()
                        ? new BlobStoreException(OPERATION, key, end.toString(), cause, true)
                        : GrpcErrors.translate(settings.errors(), OPERATION, key, end.status(), cause);
        if (!(translated instanceof BlobNotFoundException)) {
            return translated;
        }
        if (wanted.isPresent()) {
            return new PreconditionFailedException(OPERATION, key, "the blob no longer exists", translated);
        }
        return blob == null
                ? translated
                : new BlobStoreException(OPERATION, key, "it was replaced during the read", translated, true);
    }

    /** Returns the exception for a read that ends early: with the bytes that arrived, if there are any. */
    private BlobStoreException partial(BlobStoreException problem) {
        BlobMetadata described = blob;
        if (described == null || done == 0 || !problem.isRetryable()) {
            return problem;
        }
        return new PartialReadException(
                key,
                ReadResult.of(described, done, checksum),
                "only " + done + " of " + exact.length() + " bytes arrived: " + problem.getMessage(),
                problem);
    }

    // ---- the result

    private ReadResult verified() throws IOException {
        BlobMetadata described = blob;
        if (described == null) {
            throw new IllegalStateException("nothing was read");
        }
        if (exact.length() == described.size()) {
            Checksums.requireStored(OPERATION, described, checksum);
        }
        return ReadResult.of(described, exact.length(), checksum);
    }
}
