package io.blobstore.gcs.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.UnsafeByteOperations;
import com.google.storage.v2.BidiReadObjectResponse;
import io.grpc.Detachable;
import io.grpc.HasByteBuffer;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A message of the server whose content is still in the memory of the transport. The content must not be accessed after
 * the message was closed. Not thread-safe.
 *
 * @param response the message; its byte strings are views of the transport's memory
 * @param memory releases that memory
 */
record ReadMessage(BidiReadObjectResponse response, Closeable memory) implements Closeable {
    /** Releases the memory. */
    @Override
    public void close() {
        try {
            memory.close();
        } catch (IOException e) {
            throw new IllegalStateException("the transport's memory could not be released", e);
        }
    }

    /**
     * Parses messages without copying their content. The generated marshaller copies it to the heap;
     * google-cloud-storage has one that does not, which is not public. Thread-safe.
     */
    static final class Marshaller implements MethodDescriptor.Marshaller<ReadMessage> {
        @Override
        public InputStream stream(ReadMessage message) {
            throw new UnsupportedOperationException("only the server sends these messages");
        }

        @Override
        public ReadMessage parse(InputStream stream) {
            InputStream memory = isDetachable(stream) ? ((Detachable) stream).detach() : stream;
            try {
                CodedInputStream input = memory == stream ? CodedInputStream.newInstance(stream) : inPlace(memory);
                return new ReadMessage(BidiReadObjectResponse.parseFrom(input), memory);
            } catch (IOException | RuntimeException e) {
                try {
                    memory.close();
                } catch (IOException suppressed) {
                    e.addSuppressed(suppressed);
                }
                throw Status.INTERNAL
                        .withDescription("the server sent an invalid message")
                        .withCause(e)
                        .asRuntimeException();
            }
        }

        private static boolean isDetachable(InputStream stream) {
            return stream instanceof Detachable
                    && stream.markSupported()
                    && stream instanceof HasByteBuffer buffers
                    && buffers.byteBufferSupported();
        }

        /** Returns the content of a detached stream as views of its buffers, which closing it releases. */
        private static CodedInputStream inPlace(InputStream memory) throws IOException {
            List<ByteString> pieces = new ArrayList<>();
            memory.mark(Integer.MAX_VALUE); // otherwise skipping a buffer releases it
            while (memory.available() > 0) {
                ByteBuffer piece = ((HasByteBuffer) memory).getByteBuffer();
                if (piece == null || !piece.hasRemaining()) {
                    throw new IOException("the transport provides no buffer");
                }
                pieces.add(UnsafeByteOperations.unsafeWrap(piece));
                memory.skipNBytes(piece.remaining());
            }
            memory.reset();
            CodedInputStream input = ByteString.copyFrom(pieces).newCodedInput();
            input.enableAliasing(true);
            return input;
        }
    }
}
