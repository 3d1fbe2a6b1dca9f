package io.blobstore.transfer;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The progress of a transfer at one moment. Immutable. */
public final class TransferProgress {
    /** Denotes a number of bytes that is not known yet. */
    public static final long UNKNOWN = -1;

    private final long bytesTransferred;
    private final long totalBytes;
    private final int partsTransferred;
    private final int totalParts;
    private final int retries;
    private final int throttledRequests;
    private final int concurrency;
    private final Optional<Duration> throttleDelay;
    private final Duration elapsed;

    /** Creates a progress with these values. */
    TransferProgress(
            long bytesTransferred,
            long totalBytes,
            int partsTransferred,
            int totalParts,
            int retries,
            int throttledRequests,
            int concurrency,
            Optional<Duration> throttleDelay,
            Duration elapsed) {
        this.bytesTransferred = bytesTransferred;
        this.totalBytes = totalBytes;
        this.partsTransferred = partsTransferred;
        this.totalParts = totalParts;
        this.retries = retries;
        this.throttledRequests = throttledRequests;
        this.concurrency = concurrency;
        this.throttleDelay = throttleDelay;
        this.elapsed = elapsed;
    }

    /** Returns the bytes of the parts that the store has accepted, or that have arrived. */
    public long bytesTransferred() {
        return bytesTransferred;
    }

    /**
     * Returns the bytes of the whole transfer; {@link #UNKNOWN} for a download until the first response reports the
     * size of the blob.
     */
    public long totalBytes() {
        return totalBytes;
    }

    /** Returns the number of parts that were transferred. */
    public int partsTransferred() {
        return partsTransferred;
    }

    /**
     * Returns the number of parts of the whole transfer; 1 for a transfer of one request, and while the size is
     * unknown.
     */
    public int totalParts() {
        return totalParts;
    }

    /** Returns the number of failed attempts that were, or are about to be, repeated. */
    public int retries() {
        return retries;
    }

    /** Returns how many of the {@link #retries()} were requests that the store refused because of its load. */
    public int throttledRequests() {
        return throttledRequests;
    }

    /** Returns how many requests may be in flight: the transfer's concurrency, or fewer while the store throttles. */
    public int concurrency() {
        return concurrency;
    }

    /**
     * Returns the time until the next request, if the transfer sends none for a time because the store throttles; empty
     * otherwise.
     */
    public Optional<Duration> throttleDelay() {
        return throttleDelay;
    }

    /** Returns the time since the transfer was started; constant once it has completed. */
    public Duration elapsed() {
        return elapsed;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TransferProgress that
                && bytesTransferred == that.bytesTransferred
                && totalBytes == that.totalBytes
                && partsTransferred == that.partsTransferred
                && totalParts == that.totalParts
                && retries == that.retries
                && throttledRequests == that.throttledRequests
                && concurrency == that.concurrency
                && throttleDelay.equals(that.throttleDelay)
                && elapsed.equals(that.elapsed);
    }

    @Override
    public int hashCode() {
        return Objects.hash(
                bytesTransferred,
                totalBytes,
                partsTransferred,
                totalParts,
                retries,
                throttledRequests,
                concurrency,
                throttleDelay,
                elapsed);
    }

    @Override
    public String toString() {
        return "TransferProgress[bytesTransferred=" + bytesTransferred + ", totalBytes=" + totalBytes
                + ", partsTransferred=" + partsTransferred + ", totalParts=" + totalParts + ", retries=" + retries
                + ", throttledRequests=" + throttledRequests + ", concurrency=" + concurrency + ", throttleDelay="
                + throttleDelay + ", elapsed=" + elapsed + "]";
    }
}
