package io.blobstore.server.internal.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * Parses messages of clients, unless they have far more fields than their length justifies: an empty message takes two
 * bytes in its parent, and forty times as many on the heap. What is counted is not parsed.
 */
final class BoundedMessages {
    /** Digests and names, which messages are full of, take more bytes for each field. */
    private static final int BYTES_PER_FIELD = 8;

    private static final int ALWAYS_ALLOWED = 1000;
    private static final int MOST = 1_000_000;

    private BoundedMessages() {}

    /**
     * Parses a message.
     *
     * @param prototype any message of the type
     * @throws InvalidProtocolBufferException if it is not valid, or has too many fields
     */
    static <M extends Message> M parse(M prototype, ByteBuffer content) throws InvalidProtocolBufferException {
        return parse(prototype, UnsafeByteOperations.unsafeWrap(content));
    }

    private static <M extends Message> M parse(M prototype, ByteString content) throws InvalidProtocolBufferException {
        try {
            int allowed = (int) Math.min(MOST, ALWAYS_ALLOWED + (long) content.size() / BYTES_PER_FIELD);
            int unused = count(content.newCodedInput(), prototype.getDescriptorForType(), allowed);
            CodedInputStream input = content.newCodedInput();
            input.enableAliasing(true); // content in messages is not copied
            @SuppressWarnings("unchecked")
            M parsed = (M) prototype.getParserForType().parseFrom(input);
            input.checkLastTagWas(0);
            return parsed;
        } catch (InvalidProtocolBufferException e) {
            throw e;
        } catch (IOException e) {
            throw new InvalidProtocolBufferException(e);
        }
    }

    /**
     * Counts the fields of a message, and of those in it.
     *
     * @return how many more fields may follow
     */
    private static int count(CodedInputStream input, Descriptor type, int allowed) throws IOException {
        int left = allowed;
        for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
            if (--left < 0) {
                throw new InvalidProtocolBufferException("the message has too many fields for its length");
            }
            FieldDescriptor field = type.findFieldByNumber(WireFormat.getTagFieldNumber(tag));
            if (field != null
                    && field.getType() == FieldDescriptor.Type.MESSAGE
                    && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                int limit = input.pushLimit(input.readRawVarint32());
                left = count(input, field.getMessageType(), left);
                input.popLimit(limit);
            } else if (!input.skipField(tag)) {
                throw new InvalidProtocolBufferException("a group ends that has not begun");
            }
        }
        return left;
    }

    /** Returns a service whose requests are parsed like this; used below {@link CallPaces}, which ends their calls. */
    static ServerServiceDefinition of(ServerServiceDefinition service) {
        ServerServiceDefinition.Builder bounded =
                ServerServiceDefinition.builder(service.getServiceDescriptor().getName());
        service.getMethods().forEach(method -> bounded.addMethod(bounded(method)));
        return bounded.build();
    }

    private static <Q, R> ServerMethodDefinition<Q, R> bounded(ServerMethodDefinition<Q, R> method) {
        MethodDescriptor<Q, R> descriptor = method.getMethodDescriptor();
        MethodDescriptor.Builder<Q, R> same = descriptor.toBuilder().setSchemaDescriptor(null);
        if (descriptor.getRequestMarshaller() instanceof PrototypeMarshaller<Q> known
                && known.getMessagePrototype() instanceof Message prototype) {
            same.setRequestMarshaller(new BoundedMarshaller<>(known, prototype));
        }
        return ServerMethodDefinition.create(same.build(), method.getServerCallHandler());
    }

    /**
     * Reads the messages of one type. One that is not valid is an empty message, and its call is told: what is thrown
     * here would be logged as a failure of the server.
     */
    private record BoundedMarshaller<Q>(Marshaller<Q> known, Message prototype) implements Marshaller<Q> {
        @Override
        public InputStream stream(Q message) {
            return known.stream(message);
        }

        @Override
        @SuppressWarnings("unchecked") // the prototype is one of Q
        public Q parse(InputStream stream) {
            try {
                return (Q) BoundedMessages.parse(prototype, UnsafeByteOperations.unsafeWrap(bytes(stream)));
            } catch (InvalidProtocolBufferException e) {
                CallPace.current().refuse("the message is not valid: " + e.getMessage());
                return (Q) prototype;
            } catch (IOException e) {
                throw Status.INTERNAL.withCause(e).asRuntimeException();
            }
        }

        private static byte[] bytes(InputStream stream) throws IOException {
            if (!(stream instanceof KnownLength)) {
                return stream.readAllBytes();
            }
            byte[] bytes = new byte[stream.available()];
            int unused = stream.readNBytes(bytes, 0, bytes.length);
            return bytes;
        }
    }
}
