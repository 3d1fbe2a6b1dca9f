package io.blobstore.gcs.grpc;

import com.google.storage.v2.DeleteObjectRequest;
import com.google.storage.v2.GetObjectRequest;
import com.google.storage.v2.MoveObjectRequest;
import com.google.storage.v2.Object;
import com.google.storage.v2.ReadObjectRequest;
import com.google.storage.v2.ReadObjectResponse;
import com.google.storage.v2.StorageGrpc;
import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.StoredBlob;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
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
record ObjectRequests(GrpcSettings settings, Connection connection, String object) {
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

    /**
     * Returns the metadata of the object.
     *
     * @param generation 0 for the current one
     */
    Object get(Operation operation, BlobKey key, long generation) throws IOException, InterruptedException {
        GetObjectRequest request = GetObjectRequest.newBuilder()
                .setBucket(settings.bucketResource())
                .setObject(object)
                .setGeneration(generation)
                .build();
        return repeated(operation, key, attempt -> call(StorageGrpc.getGetObjectMethod(), request));
    }

    /** Deletes a generation; does nothing if it does not exist. */
    void delete(Operation operation, BlobKey key, long generation) throws IOException, InterruptedException {
        DeleteObjectRequest request = DeleteObjectRequest.newBuilder()
                .setBucket(settings.bucketResource())
                .setObject(object)
                .setGeneration(generation)
                .build();
        try {
            repeated(operation, key, attempt -> call(StorageGrpc.getDeleteObjectMethod(), request));
        } catch (BlobNotFoundException e) {
            return; // what was wanted
        }
    }

    /** Moves another object to this one's name; see {@link GrpcWrites#move}. */
    StoredBlob move(Operation operation, String source, StoredBlob stored, Optional<Long> ifGeneration)
            throws IOException, InterruptedException {
        BlobKey key = stored.key();
        MoveObjectRequest.Builder request = MoveObjectRequest.newBuilder()
                .setBucket(settings.bucketResource())
                .setSourceObject(source)
                .setDestinationObject(object)
                .setIfSourceGenerationMatch(Long.parseLong(stored.version().value()));
        ifGeneration.ifPresent(request::setIfGenerationMatch);
        Object moved = repeated(operation, key, attempt -> {
            try {
                return call(StorageGrpc.getMoveObjectMethod(), request.build());
            } catch (StatusRuntimeException e) {
                Object present =
                        attempt == 1 || GrpcErrors.isTemporary(e.getStatus().getCode())
                                ? null
                                : findFinalized(operation, key, 0, stored.size(), stored.checksum());
                if (present == null) {
                    throw e;
                }
                return present; // the response to an earlier attempt was lost
            }
        });
        Optional<Crc32c> found = checksum(moved);
        if (moved.getSize() != stored.size() || !found.equals(stored.checksum())) {
            throw new IntegrityException(
                    operation,
                    key,
                    "the server has moved " + stored.size() + " bytes with " + stored.checksum() + ", but now has "
                            + moved.getSize() + " with " + found,
                    null);
        }
        return StoredBlob.of(key, moved.getSize(), new BlobVersion(Long.toString(moved.getGeneration())), found);
    }

    /** Returns the checksum of an object. */
    static Optional<Crc32c> checksum(Object object) {
        return object.getChecksums().hasCrc32C()
                ? Optional.of(new Crc32c(object.getChecksums().getCrc32C()))
                : Optional.empty();
    }

    /** Returns the metadata of a generation if it is finalized with this content; null otherwise. */
    @Nullable Object findFinalized(Operation operation, BlobKey key, long generation, long size, Optional<Crc32c> crc32c)
            throws IOException, InterruptedException {
        try {
            Object found = get(operation, key, generation);
            boolean same = found.hasFinalizeTime()
                    && found.getSize() == size
                    && checksum(found).equals(crc32c);
            return same ? found : null;
        } catch (BlobNotFoundException e) {
            return null;
        }
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

    private interface Attempt<T> {
        T run(int number) throws IOException, InterruptedException;
    }

    /** Runs a call, again as long as its failures are temporary. */
    private <T> T repeated(Operation operation, BlobKey key, Attempt<T> attempt)
            throws IOException, InterruptedException {
        int number = 1;
        while (true) {
            try {
                return attempt.run(number);
            } catch (StatusRuntimeException e) {
                BlobStoreException problem = translate(operation, key, e);
                if (!problem.isRetryable() || number >= settings.maxAttempts()) {
                    problem.setAttempts(number);
                    throw problem;
                }
                GrpcWrites.pause(settings, number++);
            }
        }
    }

    private <Q, R> R call(MethodDescriptor<Q, R> method, Q request) {
        return ClientCalls.blockingUnaryCall(
                routed(),
                method,
                connection.options().withDeadlineAfter(settings.stallTimeout().toNanos(), TimeUnit.NANOSECONDS),
                request);
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
