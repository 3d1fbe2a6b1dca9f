package io.blobstore.gcs.grpc;

import com.google.protobuf.Empty;
import com.google.storage.v2.BidiReadObjectRequest;
import com.google.storage.v2.BidiReadObjectResponse;
import com.google.storage.v2.BidiWriteObjectRequest;
import com.google.storage.v2.BidiWriteObjectResponse;
import com.google.storage.v2.Bucket;
import com.google.storage.v2.ChecksummedData;
import com.google.storage.v2.DeleteObjectRequest;
import com.google.storage.v2.GetBucketRequest;
import com.google.storage.v2.GetObjectRequest;
import com.google.storage.v2.ListObjectsRequest;
import com.google.storage.v2.ListObjectsResponse;
import com.google.storage.v2.MoveObjectRequest;
import com.google.storage.v2.Object;
import com.google.storage.v2.ReadObjectRequest;
import com.google.storage.v2.ReadObjectResponse;
import com.google.storage.v2.StorageGrpc;
import io.blobstore.Crc32c;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.function.Supplier;

/** The methods of a {@link FakeGrpcStorage}. */
final class FakeStorageService extends StorageGrpc.StorageImplBase {
    private final FakeGrpcStorage storage;

    FakeStorageService(FakeGrpcStorage storage) {
        this.storage = storage;
    }

    @Override
    public StreamObserver<BidiReadObjectRequest> bidiReadObject(StreamObserver<BidiReadObjectResponse> client) {
        return new FakeReadStream(storage, (ServerCallStreamObserver<BidiReadObjectResponse>) client);
    }

    @Override
    public StreamObserver<BidiWriteObjectRequest> bidiWriteObject(StreamObserver<BidiWriteObjectResponse> client) {
        return new FakeWriteStream(storage, (ServerCallStreamObserver<BidiWriteObjectResponse>) client);
    }

    @Override
    public void getBucket(GetBucketRequest request, StreamObserver<Bucket> client) {
        storage.counts.getBuckets.incrementAndGet();
        answer(client, () -> {
            storage.faults.ofBucketLookup().ifPresent(status -> {
                throw status;
            });
            storage.objects.requireBucket(request.getName());
            return storage.bucket();
        });
    }

    @Override
    public void getObject(GetObjectRequest request, StreamObserver<Object> client) {
        storage.counts.getObjects.incrementAndGet();
        answer(
                client,
                () -> storage.objects
                        .require(request.getBucket(), request.getObject(), request.getGeneration())
                        .metadata());
    }

    @Override
    public void deleteObject(DeleteObjectRequest request, StreamObserver<Empty> client) {
        answer(client, () -> {
            FakeGrpcObject found =
                    storage.objects.require(request.getBucket(), request.getObject(), request.getGeneration());
            if (request.hasIfGenerationMatch() && request.getIfGenerationMatch() != found.generation()) {
                throw Status.FAILED_PRECONDITION
                        .withDescription("the generation does not match")
                        .asRuntimeException();
            }
            storage.objects.delete(found);
            return Empty.getDefaultInstance();
        });
    }

    @Override
    public void moveObject(MoveObjectRequest request, StreamObserver<Object> client) {
        answer(client, () -> {
            FakeGrpcObject source = storage.objects.require(
                    request.getBucket(), request.getSourceObject(), request.getIfSourceGenerationMatch());
            Object moved = storage.objects
                    .move(
                            source,
                            request.getDestinationObject(),
                            request.hasIfGenerationMatch(),
                            request.getIfGenerationMatch())
                    .metadata();
            storage.faults.ofMove().ifPresent(status -> {
                throw status;
            });
            return moved;
        });
    }

    /** Lists objects without delimiters. A page's token is the name of its first object. */
    @Override
    public void listObjects(ListObjectsRequest request, StreamObserver<ListObjectsResponse> client) {
        answer(client, () -> {
            storage.objects.requireBucket(request.getParent());
            List<FakeGrpcObject> found = storage.objects.list(request.getPrefix(), request.getPageToken());
            int size = request.getPageSize() == 0 ? 1000 : Math.min(1000, request.getPageSize());
            ListObjectsResponse.Builder page = ListObjectsResponse.newBuilder();
            found.stream().limit(size).forEach(object -> page.addObjects(object.metadata()));
            if (found.size() > size) {
                page.setNextPageToken(found.get(size).name());
            }
            return page.build();
        });
    }

    @Override
    public void readObject(ReadObjectRequest request, StreamObserver<ReadObjectResponse> observer) {
        ServerCallStreamObserver<ReadObjectResponse> client = (ServerCallStreamObserver<ReadObjectResponse>) observer;
        FakeGrpcObject object;
        try {
            object = storage.objects.require(request.getBucket(), request.getObject(), request.getGeneration());
            if (request.getReadOffset() > object.size()) {
                throw Status.OUT_OF_RANGE.asRuntimeException();
            }
        } catch (StatusRuntimeException e) {
            client.onError(e);
            return;
        }
        long size = object.size();
        long offset =
                request.getReadOffset() < 0 ? Math.max(0, size + request.getReadOffset()) : request.getReadOffset();
        long end = request.getReadLimit() == 0 ? size : Math.min(size, offset + request.getReadLimit());
        client.setOnReadyHandler(new Runnable() {
            private long position = offset;
            private boolean begun;

            @Override
            public void run() {
                while (client.isReady() && (position < end || !begun)) {
                    ReadObjectResponse.Builder response = ReadObjectResponse.newBuilder();
                    if (!begun) {
                        response.setMetadata(object.metadata());
                        begun = true;
                    }
                    int length = (int) Math.min(storage.messageSize(), end - position);
                    var content = object.slice(position, length);
                    client.onNext(response.setChecksummedData(ChecksummedData.newBuilder()
                                    .setContent(content)
                                    .setCrc32C(Crc32c.of(content.asReadOnlyByteBuffer())
                                            .value()))
                            .build());
                    storage.counts.messages.incrementAndGet();
                    storage.counts.bytesSent.addAndGet(length);
                    position += length;
                    if (position >= end) {
                        client.onCompleted();
                        return;
                    }
                }
            }
        });
    }

    private static <T> void answer(StreamObserver<T> client, Supplier<T> work) {
        T result;
        try {
            result = work.get();
        } catch (StatusRuntimeException e) {
            client.onError(e);
            return;
        }
        client.onNext(result);
        client.onCompleted();
    }
}
