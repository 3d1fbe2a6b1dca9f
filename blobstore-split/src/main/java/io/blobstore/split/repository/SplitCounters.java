package io.blobstore.split.repository;

import java.util.concurrent.atomic.LongAdder;

/** Counts what a split has done. Thread-safe. */
final class SplitCounters {
    private volatile long totalBytes;
    private volatile long bytesParsed;
    private volatile long bytesInline;
    private final LongAdder objectsPresent = new LongAdder();
    private final LongAdder bytesPresent = new LongAdder();
    private final LongAdder objectsStored = new LongAdder();
    private final LongAdder bytesStored = new LongAdder();

    SplitCounters(long totalBytes) {
        this.totalBytes = totalBytes;
    }

    /** Sets the size of the source, which is known at the end of a stream only. */
    void total(long bytes) {
        totalBytes = bytes;
    }

    /** Sets the numbers that only the parser changes. */
    void parsed(long bytes, long inline) {
        bytesParsed = bytes;
        bytesInline = inline;
    }

    void present(long bytes) {
        objectsPresent.increment();
        bytesPresent.add(bytes);
    }

    void stored(long bytes) {
        objectsStored.increment();
        bytesStored.add(bytes);
    }

    SplitProgress progress() {
        return new SplitProgress(
                bytesParsed,
                totalBytes,
                bytesInline,
                objectsPresent.sum(),
                bytesPresent.sum(),
                objectsStored.sum(),
                bytesStored.sum());
    }
}
