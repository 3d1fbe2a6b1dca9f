package io.blobstore.gcs.grpc;

import com.google.storage.v2.GetObjectRequest;
import com.google.storage.v2.Object;
import com.google.storage.v2.ReadObjectRequest;
import com.google.storage.v2.ReadObjectResponse;
import com.google.storage.v2.StorageGrpc;
import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The calls that the writer of an object makes, with the headers by which the service routes them. */
record ObjectRequests(GrpcReadSettings settings, Connection connection, String object) {
    private static final Metadata.Key<String> ROUTING =
            Metadata.Key.of("x-goog-request-params", Metadata.ASCII_STRING_MARSHALLER);

    /** Opens a stream that writes an appendable object. */
    WriteStream openWrite(Optional<String> routingToken) {
        return WriteStream.open(
                connection.channel(),
                connection.options(),
                header("&appendable=true"
                        + routingToken.map(token -> "&routing_token=" + token).orElse("")));
    }

    private Metadata header(String parameters) {
        Metadata header = new Metadata();
        header.put(ROUTING, "bucket=" + settings.bucketResource() + parameters);
        return header;
    }

    /** Returns the metadata of a generation. */
    Object get(Operation operation, BlobKey key, long generation) throws IOException, InterruptedException {
        int attempt = 1;
        while (true) {
            try {
                return ClientCalls.blockingUnaryCall(
                        routed(),
                        StorageGrpc.getGetObjectMethod(),
                        connection
                                .options()
                                .withDeadlineAfter(settings.stallTimeout().toNanos(), TimeUnit.NANOSECONDS),
                        GetObjectRequest.newBuilder()
                                .setBucket(settings.bucketResource())
                                .setObject(object)
                                .setGeneration(generation)
                                .build());
            } catch (StatusRuntimeException e) {
                BlobStoreException problem = translate(operation, key, e);
                if (!problem.isRetryable() || attempt >= settings.maxAttempts()) {
                    problem.setAttempts(attempt);
                    throw problem;
                }
                GrpcWrites.pause(settings, attempt++);
            }
        }
    }

    /** Returns the metadata of a generation if it is finalized with this content; null otherwise. */
    @Nullable
    Object findFinalized(Operation operation, BlobKey key, long generation, long size, Crc32c crc32c)
            throws IOException, InterruptedException {
        Object found;
        try {
            found = get(operation, key, generation);
        } catch (io.blobstore.BlobNotFoundException e) {
            return null;
        }
        boolean same = found.hasFinalizeTime()
                && found.getSize() == size
                && found.getChecksums().hasCrc32C()
                && found.getChecksums().getCrc32C() == crc32c.value();
        return same ? found : null;
    }

    /** Reads an object, and returns the checksum of its content. */
    Crc32c checksum(Operation operation, BlobKey key, long generation, long size)
            throws IOException, InterruptedException {
        Iterator<ReadObjectResponse> messages = ClientCalls.blockingServerStreamingCall(
                routed(),
                StorageGrpc.getReadObjectMethod(),
                connection.options(),
                ReadObjectRequest.newBuilder()
                        .setBucket(settings.bucketResource())
                        .setObject(object)
                        .setGeneration(generation)
                        .setReadLimit(size)
                        .build());
        Crc32c whole = Crc32c.EMPTY;
        long read = 0;
        try {
            while (messages.hasNext()) {
                ByteBuffer content =
                        messages.next().getChecksummedData().getContent().asReadOnlyByteBuffer();
                long length = content.remaining();
                whole = whole.combine(Crc32c.of(content), length);
                read += length;
            }
        } catch (StatusRuntimeException e) {
            throw translate(operation, key, e);
        }
        if (read != size) {
            throw new IntegrityException(
                    operation, key, "the server has sent " + read + " of " + size + " persisted bytes", null);
        }
        return whole;
    }

    private Channel routed() {
        return ClientInterceptors.intercept(
                connection.channel(), MetadataUtils.newAttachHeadersInterceptor(header("")));
    }

    private BlobStoreException translate(Operation operation, BlobKey key, StatusRuntimeException problem)
            throws InterruptedException {
        if (problem.getStatus().getCode() == Status.Code.CANCELLED && Thread.interrupted()) {
            throw new InterruptedException();
        }
        return GrpcErrors.translate(settings.errors(), operation, key, problem.getStatus(), problem);
    }
}
