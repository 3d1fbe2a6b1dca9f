package io.blobstore.gcs.grpc;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import com.google.storage.v2.BidiReadHandle;
import com.google.storage.v2.BidiReadObjectRedirectedError;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;

/** What goes wrong with one range of a BidiReadObject stream. Messages of a range are counted from 1. */
sealed interface ReadFault {
    /** Says after so many messages that the range has ended; at least one message. */
    record Short(int messages) implements ReadFault {}

    /** Sends so many bytes after the end of the range, before it says that the range has ended. */
    record Extra(long bytes) implements ReadFault {}

    /** Ends the stream successfully instead of sending a message. */
    record HalfClose(int message) implements ReadFault {}

    /** Sends nothing on the stream any more, from a message on. */
    record Silence(int message) implements ReadFault {}

    /** Cuts all connections instead of sending a message. */
    record Cut(int message) implements ReadFault {}

    /** Fails the stream instead of sending a message. */
    record Fail(int message, StatusRuntimeException status) implements ReadFault {}

    /** Waits before a message; other ranges of the stream wait too. */
    record Delay(int message, Duration time) implements ReadFault {}

    /** Sends a message with a CRC32C that is not its content's. */
    record WrongCrc(int message) implements ReadFault {}

    /** Sends a message without a CRC32C. */
    record NoCrc(int message) implements ReadFault {}

    /** Sends a message with a changed byte, and the CRC32C of the changed content. */
    record Flipped(int message) implements ReadFault {}

    /** Sends a message with the offset of another byte. */
    record WrongOffset(int message, long difference) implements ReadFault {}

    static ReadFault unavailable(int message) {
        return new Fail(
                message, Status.UNAVAILABLE.withDescription("as scripted").asRuntimeException());
    }

    static ReadFault cancelled(int message) {
        return new Fail(message, Status.CANCELLED.withDescription("as scripted").asRuntimeException());
    }

    /** Fails the stream with a BidiReadObjectRedirectedError, which tells the client to open it again. */
    static ReadFault redirected(int message) {
        return new Fail(message, redirect());
    }

    /** Returns the error that tells a reader to open its stream again. */
    static StatusRuntimeException redirect() {
        return StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder()
                .setCode(Code.ABORTED_VALUE)
                .setMessage("redirected, as scripted")
                .addDetails(Any.pack(BidiReadObjectRedirectedError.newBuilder()
                        .setRoutingToken("elsewhere")
                        .setReadHandle(BidiReadHandle.newBuilder().setHandle(ByteString.copyFromUtf8("handle")))
                        .build()))
                .build());
    }
}
