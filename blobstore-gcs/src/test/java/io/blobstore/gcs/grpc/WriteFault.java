package io.blobstore.gcs.grpc;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.storage.v2.BidiWriteObjectRedirectedError;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;

/** What goes wrong with one stream of BidiWriteObject. Messages with content are counted from 1. */
sealed interface WriteFault {
    /** Fails the stream instead of taking a message with content. What was not flushed before is lost. */
    record Fail(int message, StatusRuntimeException status) implements WriteFault {}

    /** Fails the stream instead of answering a flush, which has been done; flushes are counted from 1. */
    record FailAfterFlush(int flush, StatusRuntimeException status) implements WriteFault {}

    /** Fails the stream instead of answering that the object is finalized, which it is. */
    record FailAfterFinish(StatusRuntimeException status) implements WriteFault {}

    /** Fails the stream instead of finalizing the object. */
    record FailFinish(StatusRuntimeException status) implements WriteFault {}

    /** Does not answer any more, from a message with content on. */
    record Silence(int message) implements WriteFault {}

    /** Cuts all connections instead of taking a message with content. */
    record Cut(int message) implements WriteFault {}

    /** Stores a changed byte when the object is finalized, and reports the checksum of the changed content. */
    record DamageAtFinish() implements WriteFault {}

    /** Reports a wrong CRC32C in the object's metadata after it was finalized. */
    record WrongChecksum() implements WriteFault {}

    static StatusRuntimeException unavailable() {
        return Status.UNAVAILABLE.withDescription("as scripted").asRuntimeException();
    }

    /** Returns the error that tells a writer to open its stream again. */
    static StatusRuntimeException redirect() {
        return StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder()
                .setCode(Code.ABORTED_VALUE)
                .setMessage("redirected, as scripted")
                .addDetails(Any.pack(BidiWriteObjectRedirectedError.newBuilder()
                        .setRoutingToken("elsewhere")
                        .build()))
                .build());
    }
}
