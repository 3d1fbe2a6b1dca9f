package io.blobstore.gcs.grpc;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import com.google.storage.v2.BidiReadHandle;
import com.google.storage.v2.BidiReadObjectError;
import com.google.storage.v2.BidiReadObjectRequest;
import com.google.storage.v2.BidiReadObjectResponse;
import com.google.storage.v2.BidiReadObjectSpec;
import com.google.storage.v2.ChecksummedData;
import com.google.storage.v2.ObjectRangeData;
import com.google.storage.v2.ReadRange;
import com.google.storage.v2.ReadRangeError;
import io.blobstore.Crc32c;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One stream of BidiReadObject: sends a message of each range in turn, as fast as the client takes them. */
final class FakeReadStream implements StreamObserver<BidiReadObjectRequest> {
    private final FakeGrpcStorage storage;
    private final ServerCallStreamObserver<BidiReadObjectResponse> client;
    private final Deque<Range> ranges = new ArrayDeque<>();
    private @Nullable FakeGrpcObject object;
    private int asked;
    private boolean paused;
    private boolean silent;
    private boolean ended;

    FakeReadStream(FakeGrpcStorage storage, ServerCallStreamObserver<BidiReadObjectResponse> client) {
        this.storage = storage;
        this.client = client;
        storage.counts.readSessions.incrementAndGet();
        storage.counts.openReadSessions.incrementAndGet();
        client.setOnCancelHandler(this::end);
        client.setOnReadyHandler(this::send);
    }

    @Override
    public void onNext(BidiReadObjectRequest request) {
        long nanos = storage.faults.latency().toNanos();
        if (nanos == 0) {
            handle(request);
        } else {
            storage.timer.schedule(() -> handle(request), nanos, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void onError(Throwable problem) {
        end();
    }

    /** Completes the stream, as soon as all ranges are sent. */
    @Override
    public synchronized void onCompleted() {
        if (!ended) {
            end();
            client.onCompleted();
        }
    }

    private synchronized void handle(BidiReadObjectRequest request) {
        if (ended) {
            return;
        }
        try {
            if (object == null) {
                object = open(request.getReadObjectSpec());
                client.onNext(BidiReadObjectResponse.newBuilder()
                        .setMetadata(object.metadata())
                        .setReadHandle(BidiReadHandle.newBuilder().setHandle(ByteString.copyFromUtf8("handle")))
                        .build());
            }
            for (ReadRange range : request.getReadRangesList()) {
                storage.counts.ranges.incrementAndGet();
                storage.counts.mostRangesOfSession.accumulateAndGet(++asked, Math::max);
                ranges.add(new Range(range, object.size()));
            }
        } catch (StatusRuntimeException e) {
            fail(e);
        }
        send();
    }

    private FakeGrpcObject open(BidiReadObjectSpec spec) {
        Optional<StatusRuntimeException> fault = storage.faults.ofReadOpen();
        if (fault.isPresent()) {
            throw fault.get();
        }
        FakeGrpcObject found = storage.objects.require(spec.getBucket(), spec.getObject(), spec.getGeneration());
        if (spec.hasIfGenerationMatch() && spec.getIfGenerationMatch() != found.generation()) {
            throw Status.FAILED_PRECONDITION
                    .withDescription("the generation does not match")
                    .asRuntimeException();
        }
        return found;
    }

    private synchronized void send() {
        while (!ended && !paused && !silent && client.isReady() && !ranges.isEmpty()) {
            Range next = ranges.remove();
            boolean last = next.sendOne();
            if (!last && !ended) {
                ranges.add(next); // after a message of each other range
            }
        }
    }

    private synchronized void resume() {
        paused = false;
        send();
    }

    private void fail(StatusRuntimeException status) {
        if (!ended) {
            end();
            client.onError(status);
        }
    }

    private synchronized void end() {
        if (!ended) {
            ended = true;
            ranges.clear();
            storage.counts.openReadSessions.decrementAndGet();
        }
    }

    /** One range, and how much of it has been sent. */
    private final class Range {
        private final ReadRange asked;
        private final List<ReadFault> faults;
        private final long end;
        private long position;
        private long extra;
        private int message;

        private Range(ReadRange asked, long size) {
            this.asked = asked;
            faults = storage.faults.ofRange(asked);
            long offset = asked.getReadOffset();
            position = offset < 0 ? Math.max(0, size + offset) : offset;
            if (position > size || asked.getReadLength() < 0) {
                throw pastTheEnd();
            }
            end = asked.getReadLength() == 0 ? size : Math.min(size, position + asked.getReadLength());
            extra = find(ReadFault.Extra.class).map(ReadFault.Extra::bytes).orElse(0L);
        }

        private StatusRuntimeException pastTheEnd() {
            com.google.rpc.Status status = com.google.rpc.Status.newBuilder()
                    .setCode(Code.OUT_OF_RANGE_VALUE)
                    .setMessage("the range begins past the end of the object")
                    .build();
            return StatusProto.toStatusRuntimeException(status.toBuilder()
                    .addDetails(Any.pack(BidiReadObjectError.newBuilder()
                            .addReadRangeErrors(ReadRangeError.newBuilder()
                                    .setReadId(asked.getReadId())
                                    .setStatus(status))
                            .build()))
                    .build());
        }

        private <T extends ReadFault> Optional<T> find(Class<T> kind) {
            return faults.stream().filter(kind::isInstance).map(kind::cast).findFirst();
        }

        /** Sends a message, or does what a fault says, and returns whether that was the last one. */
        private boolean sendOne() {
            message++;
            for (ReadFault fault : List.copyOf(faults)) {
                if (isInsteadOfMessage(fault)) {
                    return false;
                }
            }
            Optional<StatusRuntimeException> scripted = storage.faults.ofMessage();
            if (scripted.isPresent()) {
                fail(scripted.get());
                return false;
            }
            ByteString content = content();
            boolean last = (position + content.size() >= end && extra == 0)
                    || find(ReadFault.Short.class)
                            .filter(fault -> fault.messages() <= message)
                            .isPresent();
            long difference = find(ReadFault.WrongOffset.class)
                    .filter(fault -> fault.message() == message)
                    .map(ReadFault.WrongOffset::difference)
                    .orElse(0L);
            storage.counts.messages.incrementAndGet();
            storage.counts.bytesSent.addAndGet(content.size());
            client.onNext(BidiReadObjectResponse.newBuilder()
                    .addObjectDataRanges(ObjectRangeData.newBuilder()
                            .setChecksummedData(checksummed(content))
                            .setReadRange(ReadRange.newBuilder()
                                    .setReadId(asked.getReadId())
                                    .setReadOffset(position + difference)
                                    .setReadLength(content.size()))
                            .setRangeEnd(last))
                    .build());
            position += content.size();
            return last;
        }

        /** Returns what comes next of the object, or else of what is sent superfluously. */
        private ByteString content() {
            FakeGrpcObject sent = java.util.Objects.requireNonNull(object);
            if (position >= end) {
                int length = (int) Math.min(storage.messageSize(), extra);
                extra -= length;
                return ByteString.copyFrom(new byte[length]);
            }
            ByteString content = sent.slice(position, (int) Math.min(storage.messageSize(), end - position));
            boolean flipped = faults.contains(new ReadFault.Flipped(message));
            return flipped ? flipFirst(content) : content;
        }

        private ChecksummedData checksummed(ByteString content) {
            ChecksummedData.Builder data = ChecksummedData.newBuilder().setContent(content);
            if (!faults.contains(new ReadFault.NoCrc(message))) {
                int crc = Crc32c.of(content.asReadOnlyByteBuffer()).value();
                data.setCrc32C(faults.contains(new ReadFault.WrongCrc(message)) ? ~crc : crc);
            }
            return data.build();
        }

        private ByteString flipFirst(ByteString content) {
            byte[] changed = content.toByteArray();
            changed[0] ^= 1;
            return ByteString.copyFrom(ByteBuffer.wrap(changed));
        }

        private boolean isInsteadOfMessage(ReadFault fault) {
            if (fault instanceof ReadFault.HalfClose close && close.message() == message) {
                end();
                client.onCompleted();
            } else if (fault instanceof ReadFault.Silence silence && silence.message() == message) {
                silent = true;
            } else if (fault instanceof ReadFault.Cut cut && cut.message() == message) {
                end();
                storage.cutConnections();
            } else if (fault instanceof ReadFault.Fail fail && fail.message() == message) {
                fail(fail.status());
            } else if (fault instanceof ReadFault.Delay delay && delay.message() == message) {
                faults.remove(fault);
                message--;
                paused = true;
                storage.timer.schedule(FakeReadStream.this::resume, delay.time().toNanos(), TimeUnit.NANOSECONDS);
            } else {
                return false;
            }
            return true;
        }
    }
}
