package io.blobstore.gcs.grpc;

import com.google.storage.v2.ReadRange;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The faults that a {@link FakeGrpcStorage} will inject. Thread-safe. */
final class FakeFaults {
    private static final class Rule<T> {
        private final Predicate<ReadRange> ranges;
        private final T fault;
        private int times;

        private Rule(int times, Predicate<ReadRange> ranges, T fault) {
            this.times = times;
            this.ranges = ranges;
            this.fault = fault;
        }
    }

    private final List<Rule<ReadFault>> reads = new ArrayList<>();
    private final List<Rule<WriteFault>> writes = new ArrayList<>();
    private final List<Rule<StatusRuntimeException>> readOpens = new ArrayList<>();
    private final List<Rule<StatusRuntimeException>> writeOpens = new ArrayList<>();
    private final List<Rule<StatusRuntimeException>> bucketLookups = new ArrayList<>();
    private final List<Rule<StatusRuntimeException>> moves = new ArrayList<>();
    private int every = Integer.MAX_VALUE;
    private int everyTimes;
    private int sent;
    private Duration latency = Duration.ZERO;

    /** Injects a fault into the next range that a client asks for. */
    void nextRange(ReadFault fault) {
        ranges(1, range -> true, fault);
    }

    /** Injects a fault into ranges for which a condition holds, so many times. One range gets all faults that match. */
    synchronized void ranges(int times, Predicate<ReadRange> which, ReadFault fault) {
        reads.add(new Rule<>(times, which, fault));
    }

    /** Fails the stream at every n-th message with content, over all streams, so many times. */
    synchronized void everyMessage(int n, int times) {
        every = n;
        everyTimes = times;
        sent = 0;
    }

    /** Lets so many BidiReadObject streams fail at once. */
    synchronized void failReadOpens(int times, StatusRuntimeException status) {
        readOpens.add(new Rule<>(times, range -> true, status));
    }

    /** Injects a fault into the next so many streams of BidiWriteObject. One stream gets one fault. */
    synchronized void writes(int times, WriteFault fault) {
        writes.add(new Rule<>(times, range -> true, fault));
    }

    /** Lets so many BidiWriteObject streams fail at once. */
    synchronized void failWriteOpens(int times, StatusRuntimeException status) {
        writeOpens.add(new Rule<>(times, range -> true, status));
    }

    /** Lets the responses of so many moves be lost, which have been done. */
    synchronized void loseMoves(int times, StatusRuntimeException status) {
        moves.add(new Rule<>(times, range -> true, status));
    }

    /** Lets so many requests for the bucket's metadata fail. */
    synchronized void failBucketLookups(int times, StatusRuntimeException status) {
        bucketLookups.add(new Rule<>(times, range -> true, status));
    }

    /** Delays each request of a BidiReadObject stream, as a round trip does. */
    synchronized void latency(Duration time) {
        latency = time;
    }

    synchronized Duration latency() {
        return latency;
    }

    synchronized List<ReadFault> ofRange(ReadRange range) {
        List<ReadFault> faults = new ArrayList<>();
        for (Rule<ReadFault> rule : reads) {
            if (rule.times > 0 && rule.ranges.test(range)) {
                rule.times--;
                faults.add(rule.fault);
            }
        }
        return faults;
    }

    synchronized Optional<WriteFault> ofWrite() {
        return next(writes);
    }

    synchronized Optional<StatusRuntimeException> ofReadOpen() {
        return next(readOpens);
    }

    synchronized Optional<StatusRuntimeException> ofWriteOpen() {
        return next(writeOpens);
    }

    synchronized Optional<StatusRuntimeException> ofMove() {
        return next(moves);
    }

    synchronized Optional<StatusRuntimeException> ofBucketLookup() {
        return next(bucketLookups);
    }

    /** Counts a message, and returns the error to send instead. */
    synchronized Optional<StatusRuntimeException> ofMessage() {
        if (++sent % every == 0 && everyTimes > 0) {
            everyTimes--;
            return Optional.of(Status.UNAVAILABLE.withDescription("as scripted").asRuntimeException());
        }
        return Optional.empty();
    }

    private static <T> Optional<T> next(List<Rule<T>> rules) {
        for (Rule<T> rule : rules) {
            if (rule.times > 0) {
                rule.times--;
                return Optional.of(rule.fault);
            }
        }
        return Optional.empty();
    }
}
