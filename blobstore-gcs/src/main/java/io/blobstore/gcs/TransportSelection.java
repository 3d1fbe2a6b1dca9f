package io.blobstore.gcs;

import com.google.cloud.storage.Bucket;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BucketField;
import com.google.cloud.storage.Storage.BucketGetOption;
import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.StoreNotFoundException;
import io.blobstore.http.objects.BucketContext;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides, when the first blob is read, whether content is read over gRPC: asks the store's own endpoint for the type
 * of the bucket, once and for a bounded time. Thread-safe.
 */
final class TransportSelection {
    static final Duration TIME_LIMIT = Duration.ofSeconds(2);

    private static final Logger LOGGER = LoggerFactory.getLogger(TransportSelection.class);

    private final GcsTransport wanted;
    private final BucketContext bucket;
    private final Storage client;
    private final GcsErrors errors;
    private final Duration timeLimit;

    /** Held while the bucket's type is asked for, by one reader; the others wait for the answer. */
    private final ReentrantLock deciding = new ReentrantLock();

    private volatile @Nullable Decision decision;

    /**
     * What was decided.
     *
     * @param grpc whether content is read over gRPC
     * @param problem why it cannot be, although the settings demand it; null if it can
     */
    private record Decision(boolean grpc, @Nullable String problem) {}

    TransportSelection(
            GcsTransport wanted, BucketContext bucket, Storage client, GcsErrors errors, Duration timeLimit) {
        this.wanted = wanted;
        this.bucket = bucket;
        this.client = client;
        this.errors = errors;
        this.timeLimit = timeLimit;
    }

    /**
     * Returns whether content is read over gRPC.
     *
     * @throws UnsupportedTransportException if the settings demand it, and the bucket is not zonal
     */
    boolean isGrpc(Operation operation, @Nullable BlobKey key) throws IOException {
        Decision decided = decision;
        if (decided == null) {
            decided = decide(operation, key);
        }
        if (decided.problem != null) {
            throw new UnsupportedTransportException(operation, key, decided.problem);
        }
        return decided.grpc;
    }

    private Decision decide(Operation operation, @Nullable BlobKey key) throws IOException {
        try {
            deciding.lockInterruptibly();
        } catch (InterruptedException e) {
            throw interrupted(operation, key, e);
        }
        try {
            Decision decided = decision;
            if (decided == null) {
                decided = wanted == GcsTransport.HTTP ? new Decision(false, null) : ask(operation, key);
                decision = decided;
            }
            return decided;
        } finally {
            deciding.unlock();
        }
    }

    private Decision ask(Operation operation, @Nullable BlobKey key) throws IOException {
        CompletableFuture<@Nullable Bucket> answer = new CompletableFuture<>();
        Thread request = new Thread(() -> request(answer), "blobstore-gcs-bucket");
        request.setDaemon(true);
        request.start();
        try {
            Bucket described = answer.get(timeLimit.toNanos(), TimeUnit.NANOSECONDS);
            if (described == null && wanted == GcsTransport.GRPC) {
                throw new StoreNotFoundException(operation, key, errors.noBucket(), null);
            }
            return decide(described);
        } catch (TimeoutException e) {
            return withoutAnswer("no answer within " + timeLimit.toMillis() + " ms");
        } catch (ExecutionException e) {
            Throwable problem = e.getCause();
            if (problem instanceof IllegalStateException closed) {
                throw closed; // the store was closed
            }
            return withoutAnswer(problem == null ? "" : String.valueOf(problem.getMessage()));
        } catch (InterruptedException e) {
            throw interrupted(operation, key, e);
        } finally {
            request.interrupt(); // ends the request, if it has not ended
        }
    }

    private void request(CompletableFuture<@Nullable Bucket> answer) {
        try {
            answer.complete(bucket.translate(
                    Operation.OPEN,
                    null,
                    () -> client.get(
                            bucket.name(),
                            BucketGetOption.fields(BucketField.STORAGE_CLASS, BucketField.LOCATION_TYPE))));
        } catch (IOException | RuntimeException e) {
            answer.completeExceptionally(e);
        }
    }

    private Decision decide(@Nullable Bucket described) {
        if (described == null) {
            return withoutAnswer("the server knows no such bucket");
        }
        String type = String.valueOf(described.getLocationType()).toLowerCase(Locale.ROOT);
        if (type.equals("zone")) {
            return new Decision(true, null);
        }
        String fact = "the location type of bucket '" + bucket.name() + "' is '" + type + "' and not 'zone'";
        if (wanted == GcsTransport.GRPC) {
            return new Decision(
                    true,
                    fact + ": content can be read over gRPC from zonal buckets only; use transport=http" + " or auto");
        }
        LOGGER.info("{}: content is read over HTTP, as {}", bucket, fact);
        return new Decision(false, null);
    }

    /** Decides when the type is unknown. If the settings demand gRPC, the first read shows whether it works. */
    private Decision withoutAnswer(String reason) {
        if (wanted == GcsTransport.GRPC) {
            return new Decision(true, null);
        }
        LOGGER.info("{}: content is read over HTTP, as the type of the bucket is not known: {}", bucket, reason);
        return new Decision(false, null);
    }

    private static BlobStoreException interrupted(Operation operation, @Nullable BlobKey key, InterruptedException e) {
        Thread.currentThread().interrupt();
        return new BlobStoreException(operation, key, "interrupted", e, false);
    }
}
