package io.blobstore.gcs.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import com.google.storage.v2.Object;
import io.blobstore.gcs.GcsBlobStore;
import io.blobstore.gcs.GcsTransport;
import io.blobstore.gcs.fake.Attributes;
import io.blobstore.gcs.fake.FakeCredentials;
import io.blobstore.gcs.fake.FakeGcs;
import io.blobstore.gcs.fake.FakeObject;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A fake of a zonal bucket: that of HTTP, whose objects can be read by gRPC, too. */
final class GcsOverGrpc implements AutoCloseable {
    private static final FakeCredentials ACCOUNT = new FakeCredentials();

    final FakeGcs http;
    final FakeGrpcStorage grpc;

    GcsOverGrpc() throws IOException {
        GrpcReadsBase.requireEventLoops();
        http = FakeGcs.start().createZonalBucket(FakeGrpcStorage.BUCKET);
        http.trustSigner(ACCOUNT.getAccount(), ACCOUNT.publicKey());
        grpc = FakeGrpcStorage.start();
        grpc.objects.show(name -> http.object(FakeGrpcStorage.BUCKET, name).map(GcsOverGrpc::convert));
        grpc.objects.publish(this::publish);
    }

    /** Returns a builder of stores in the bucket. */
    GcsBlobStore.Builder store(GcsTransport transport) {
        return GcsBlobStore.builder(FakeGrpcStorage.BUCKET)
                .endpoint(http.endpoint())
                .grpcEndpoint(grpc.endpoint())
                .nativeConditions(true)
                .credentials(ACCOUNT)
                .transport(transport);
    }

    /** Stores an object where HTTP sees it, too. */
    private FakeGrpcObject publish(FakeGrpcObject moved) {
        Object metadata = moved.metadata();
        Map<String, String> headers = new TreeMap<>();
        headers.put("Content-Encoding", metadata.getContentEncoding());
        headers.put("Content-Language", metadata.getContentLanguage());
        headers.put("Content-Disposition", metadata.getContentDisposition());
        headers.put("Cache-Control", metadata.getCacheControl());
        headers.values().removeIf(String::isEmpty);
        http.store(
                FakeGrpcStorage.BUCKET,
                moved.name(),
                moved.content(),
                new Attributes(
                        Optional.of(metadata.getContentType()).filter(type -> !type.isEmpty()),
                        headers,
                        Optional.empty(),
                        Optional.empty(),
                        metadata.getMetadataMap(),
                        "STANDARD",
                        Optional.empty(),
                        Optional.empty()));
        return grpc.objects.find(moved.name()).orElseThrow();
    }

    private static FakeGrpcObject convert(FakeObject object) {
        Object.Builder metadata = Object.newBuilder()
                .setName(object.name())
                .setBucket("projects/_/buckets/" + object.bucket())
                .setGeneration(object.generation())
                .setUpdateTime(
                        Timestamp.newBuilder().setSeconds(object.updated().getEpochSecond()))
                .putAllMetadata(object.attributes().metadata());
        object.attributes().contentType().ifPresent(metadata::setContentType);
        header(object, "Content-Encoding").ifPresent(metadata::setContentEncoding);
        header(object, "Content-Language").ifPresent(metadata::setContentLanguage);
        header(object, "Content-Disposition").ifPresent(metadata::setContentDisposition);
        header(object, "Cache-Control").ifPresent(metadata::setCacheControl);
        FakeGrpcObject converted = new FakeGrpcObject(metadata.build());
        converted.write(0, ByteString.copyFrom(object.content()));
        converted.persist(object.content().length);
        converted.useChecksum(object.hashes().crc32c());
        converted.finish();
        return converted;
    }

    private static Optional<String> header(FakeObject object, String name) {
        return Optional.ofNullable(object.attributes().contentHeaders().get(name));
    }

    @Override
    public void close() throws IOException {
        http.close();
        grpc.close();
    }
}
