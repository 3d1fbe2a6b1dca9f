package io.blobstore.cli;

import io.blobstore.transfer.TransferProgress;
import java.util.concurrent.TimeUnit;

/**
 * A successful transfer's result and cost.
 *
 * @param result the transfer's result
 * @param end its last progress
 * @param heapBytesAllocated the heap bytes allocated by all threads from before its start to its end
 */
record Measurement<T>(T result, TransferProgress end, long heapBytesAllocated) {
    long bytes() {
        return end.totalBytes() == TransferProgress.UNKNOWN ? end.bytesTransferred() : end.totalBytes();
    }

    int parts() {
        return end.totalParts();
    }

    int retries() {
        return end.retries();
    }

    double seconds() {
        return end.elapsed().toNanos() / (double) TimeUnit.SECONDS.toNanos(1);
    }

    double mibPerSecond() {
        return seconds() == 0 ? 0 : bytes() / seconds() / (1 << 20);
    }
}
