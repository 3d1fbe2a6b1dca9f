package io.blobstore.gcs.grpc;

import com.google.protobuf.ByteString;
import com.google.storage.v2.AppendObjectSpec;
import com.google.storage.v2.BidiWriteHandle;
import com.google.storage.v2.BidiWriteObjectRequest;
import com.google.storage.v2.BidiWriteObjectResponse;
import com.google.storage.v2.ChecksummedData;
import com.google.storage.v2.ObjectChecksums;
import com.google.storage.v2.WriteObjectSpec;
import io.blobstore.Crc32c;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One stream of BidiWriteObject that writes an appendable object. Content is persisted by a flush, or at the end; what
 * a stream that ends before has received is lost. Objects that are not appendable are refused, as zonal buckets do.
 */
final class FakeWriteStream implements StreamObserver<BidiWriteObjectRequest> {
    private final FakeGrpcStorage storage;
    private final ServerCallStreamObserver<BidiWriteObjectResponse> client;
    private final Optional<WriteFault> fault;
    private @Nullable FakeGrpcObject object;
    private long writer;
    private int received;
    private int messages;
    private int flushes;
    /** Whether the stream continues another one of the same writer. */
    private boolean continued;

    private boolean responded;
    private boolean ended;

    FakeWriteStream(FakeGrpcStorage storage, ServerCallStreamObserver<BidiWriteObjectResponse> client) {
        this.storage = storage;
        this.client = client;
        fault = storage.faults.ofWrite();
        storage.counts.writeStreams.incrementAndGet();
        storage.counts.openWriteStreams.incrementAndGet();
        client.setOnCancelHandler(this::end);
    }

    @Override
    public synchronized void onNext(BidiWriteObjectRequest request) {
        if (ended) {
            return;
        }
        try {
            FakeGrpcObject target = object == null ? open(request) : object;
            object = target;
            if (!target.isWriter(writer)) {
                throw Status.FAILED_PRECONDITION
                        .withDescription("A different writer has become the exclusive writer of this object.")
                        .asRuntimeException();
            }
            if (request.hasChecksummedData()) {
                receive(target, request.getWriteOffset(), request.getChecksummedData());
            }
            if (request.getFinishWrite()) {
                finish(target, request);
            } else {
                persistOrRespond(target, request);
            }
        } catch (StatusRuntimeException e) {
            fail(e);
        }
    }

    @Override
    public void onError(Throwable problem) {
        end();
    }

    @Override
    public synchronized void onCompleted() {
        if (!ended) {
            end();
            client.onCompleted();
        }
    }

    // ---- the first message

    private FakeGrpcObject open(BidiWriteObjectRequest first) {
        Optional<StatusRuntimeException> refused = storage.faults.ofWriteOpen();
        if (refused.isPresent()) {
            throw refused.get();
        }
        return switch (first.getFirstMessageCase()) {
            case WRITE_OBJECT_SPEC -> create(first.getWriteObjectSpec());
            case APPEND_OBJECT_SPEC -> append(first.getAppendObjectSpec());
            default ->
                throw Status.INVALID_ARGUMENT
                        .withDescription("the first message has no specification")
                        .asRuntimeException();
        };
    }

    private FakeGrpcObject create(WriteObjectSpec spec) {
        if (!spec.getAppendable()) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("objects in a zonal bucket must be appendable")
                    .asRuntimeException();
        }
        FakeGrpcObject created =
                storage.objects.create(spec.getResource(), spec.hasIfGenerationMatch(), spec.getIfGenerationMatch());
        writer = created.takeOver();
        return created;
    }

    private FakeGrpcObject append(AppendObjectSpec spec) {
        FakeGrpcObject existing = storage.objects.require(spec.getBucket(), spec.getObject(), spec.getGeneration());
        if (existing.isFinalized()) {
            throw Status.FAILED_PRECONDITION
                    .withDescription("Attempting to append to already-finalized object")
                    .asRuntimeException();
        }
        continued = spec.hasWriteHandle();
        writer = continued ? Long.parseLong(spec.getWriteHandle().getHandle().toStringUtf8()) : existing.takeOver();
        received = existing.size();
        return existing;
    }

    // ---- content

    private void receive(FakeGrpcObject target, long offset, ChecksummedData data) {
        storage.counts.writeMessages.incrementAndGet();
        storage.counts.bytesReceived.addAndGet(data.getContent().size());
        messages++;
        if (fault.orElse(null) instanceof WriteFault.Fail fail && fail.message() == messages) {
            throw fail.status();
        }
        if (fault.orElse(null) instanceof WriteFault.Cut cut && cut.message() == messages) {
            end();
            storage.cutConnections();
            return;
        }
        ByteString content = data.getContent();
        if (data.hasCrc32C()
                && data.getCrc32C() != Crc32c.of(content.asReadOnlyByteBuffer()).value()) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("the provided CRC32C doesn't match calculated CRC32C")
                    .asRuntimeException();
        }
        if (offset > received) {
            throw Status.OUT_OF_RANGE
                    .withDescription("Write offset " + offset + " does not match expected " + received)
                    .asRuntimeException();
        }
        int known = (int) Math.min(received - offset, content.size());
        target.write(received, content.substring(known));
        received += content.size() - known;
    }

    private void persistOrRespond(FakeGrpcObject target, BidiWriteObjectRequest request) {
        if (ended) {
            return;
        }
        if (request.getFlush()) {
            storage.counts.flushes.incrementAndGet();
            flushes++;
            target.persist(received);
            if (fault.orElse(null) instanceof WriteFault.FailAfterFlush fail && fail.flush() == flushes) {
                throw fail.status();
            }
        }
        if (!request.getStateLookup() && responded) {
            return;
        }
        BidiWriteObjectResponse.Builder response = BidiWriteObjectResponse.newBuilder();
        if (responded || continued) { // the server describes the object to a new writer only
            response.setPersistedSize(target.size())
                    .setPersistedDataChecksums(ObjectChecksums.newBuilder()
                            .setCrc32C(target.crc32c().value()));
        } else {
            response.setResource(target.metadata())
                    .setWriteHandle(
                            BidiWriteHandle.newBuilder().setHandle(ByteString.copyFromUtf8(Long.toString(writer))));
        }
        responded = true;
        respond(response.build());
    }

    private void finish(FakeGrpcObject target, BidiWriteObjectRequest request) {
        if (ended) {
            return;
        }
        if (fault.orElse(null) instanceof WriteFault.FailFinish fail) {
            throw fail.status();
        }
        if (fault.orElse(null) instanceof WriteFault.DamageAtFinish && received > target.size()) {
            target.write(received - 1, ByteString.copyFrom(new byte[] {(byte) 0xA5}));
        }
        if (request.getWriteOffset() + request.getChecksummedData().getContent().size() != received) {
            throw Status.OUT_OF_RANGE
                    .withDescription("the object has " + received + " bytes")
                    .asRuntimeException();
        }
        target.persist(received);
        if (request.getObjectChecksums().hasCrc32C()
                && request.getObjectChecksums().getCrc32C() != target.crc32c().value()
                && !(fault.orElse(null) instanceof WriteFault.DamageAtFinish)) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("the provided CRC32C of the object doesn't match calculated CRC32C")
                    .asRuntimeException();
        }
        target.finish();
        if (fault.orElse(null) instanceof WriteFault.WrongChecksum) {
            target.pretendWrongChecksum();
        }
        if (fault.orElse(null) instanceof WriteFault.FailAfterFinish fail) {
            throw fail.status();
        }
        respond(BidiWriteObjectResponse.newBuilder()
                .setResource(target.metadata())
                .build());
        if (!ended) {
            onCompleted();
        }
    }

    private void respond(BidiWriteObjectResponse response) {
        if (!(fault.orElse(null) instanceof WriteFault.Silence silence) || messages < silence.message()) {
            client.onNext(response);
        }
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
            storage.counts.openWriteStreams.decrementAndGet();
        }
    }
}
