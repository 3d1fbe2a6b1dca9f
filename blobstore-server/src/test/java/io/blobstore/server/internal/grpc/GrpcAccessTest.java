package io.blobstore.server.internal.grpc;

import static io.blobstore.server.internal.grpc.GrpcClient.blob;
import static io.blobstore.server.internal.grpc.GrpcClient.digest;
import static io.blobstore.server.internal.grpc.GrpcClient.text;
import static io.blobstore.server.internal.grpc.GrpcClient.upload;
import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import build.bazel.remote.execution.v2.ActionCacheGrpc;
import build.bazel.remote.execution.v2.ActionResult;
import build.bazel.remote.execution.v2.BatchUpdateBlobsRequest;
import build.bazel.remote.execution.v2.CapabilitiesGrpc;
import build.bazel.remote.execution.v2.ContentAddressableStorageGrpc;
import build.bazel.remote.execution.v2.FindMissingBlobsRequest;
import build.bazel.remote.execution.v2.GetActionResultRequest;
import build.bazel.remote.execution.v2.GetCapabilitiesRequest;
import build.bazel.remote.execution.v2.UpdateActionResultRequest;
import com.google.bytestream.ByteStreamGrpc;
import com.google.bytestream.ByteStreamProto.ReadRequest;
import com.google.bytestream.ByteStreamProto.WriteRequest;
import com.google.bytestream.ByteStreamProto.WriteResponse;
import com.google.protobuf.ByteString;
import io.blobstore.BlobSource;
import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Keyspace;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.TestAuthority.Identity;
import io.blobstore.server.AuthOptions;
import io.blobstore.server.PemFiles;
import io.blobstore.server.ServerLimits;
import io.blobstore.server.TlsOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests who may do what by gRPC: passwords, TLS and client certificates. */
@ExtendWith(LeakCheck.class)
class GrpcAccessTest {
    private static final byte[] CONTENT = text(5000);

    @TempDir
    Path directory;

    private AuthOptions passwords() throws IOException {
        String hash = BCrypt.with(BCrypt.Version.VERSION_2Y).hashToString(4, "secret:word".toCharArray());
        return AuthOptions.htpasswd(Files.writeString(directory.resolve("htpasswd"), "alice:" + hash + "\n"));
    }

    private static Channel with(String authorization, Channel channel) {
        Metadata fields = new Metadata();
        fields.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), authorization);
        return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(fields));
    }

    private static String basic(String credentials) {
        return "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
    }

    private interface Call {
        void run() throws Exception;
    }

    private static Status.Code code(Call call) {
        try {
            call.run();
            return Status.Code.OK;
        } catch (Exception e) {
            return Status.fromThrowable(e).getCode();
        }
    }

    private static List<Status.Code> codes(Stream<Call> calls) {
        return calls.map(GrpcAccessTest::code).distinct().toList();
    }

    /** Returns one call of each method that reads. */
    private static Stream<Call> reads(Channel channel) {
        var digest = Digests.of(digest(CONTENT));
        var content = ContentAddressableStorageGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
        return Stream.of(
                () -> CapabilitiesGrpc.newBlockingStub(channel)
                        .getCapabilities(GetCapabilitiesRequest.getDefaultInstance()),
                () -> content.findMissingBlobs(FindMissingBlobsRequest.newBuilder()
                        .addBlobDigests(digest)
                        .build()),
                () -> ByteStreamGrpc.newBlockingStub(channel)
                        .read(ReadRequest.newBuilder()
                                .setResourceName(blob(digest(CONTENT)))
                                .build())
                        .next(),
                () -> ActionCacheGrpc.newBlockingStub(channel)
                        .getActionResult(GetActionResultRequest.newBuilder()
                                .setActionDigest(digest)
                                .build()));
    }

    /** Returns one call of each method that writes; together they store what the reads read. */
    private static Stream<Call> writes(Channel channel) {
        var digest = Digests.of(digest(CONTENT));
        return Stream.of(
                () -> write(channel),
                () -> ContentAddressableStorageGrpc.newBlockingStub(channel)
                        .batchUpdateBlobs(BatchUpdateBlobsRequest.newBuilder()
                                .addRequests(BatchUpdateBlobsRequest.Request.newBuilder()
                                        .setDigest(digest)
                                        .setData(ByteString.copyFrom(CONTENT)))
                                .build()),
                () -> ActionCacheGrpc.newBlockingStub(channel)
                        .updateActionResult(UpdateActionResultRequest.newBuilder()
                                .setActionDigest(digest)
                                .setActionResult(ActionResult.newBuilder().setExitCode(1))
                                .build()));
    }

    private static void write(Channel channel) throws Exception {
        CompletableFuture<WriteResponse> answer = new CompletableFuture<>();
        StreamObserver<WriteRequest> requests = ByteStreamGrpc.newStub(channel).write(new StreamObserver<>() {
            @Override
            public void onNext(WriteResponse response) {
                answer.complete(response);
            }

            @Override
            public void onError(Throwable failure) {
                answer.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {}
        });
        requests.onNext(WriteRequest.newBuilder()
                .setResourceName(upload(blob(digest(CONTENT))))
                .setData(ByteString.copyFrom(CONTENT))
                .setFinishWrite(true)
                .build());
        answer.get(60, TimeUnit.SECONDS);
    }

    @Test
    void aPasswordIsNeeded() throws Exception {
        try (GrpcFixture fixture = new GrpcFixture(directory.resolve("cache"), passwords(), Optional.empty())) {
            Channel channel = fixture.client.channel;
            for (Channel refused : List.of(
                    channel,
                    with(basic("alice:wrong"), channel),
                    with(basic("bob:secret:word"), channel),
                    with("Basic !!!", channel),
                    with("Bearer secret:word", channel))) {
                assertThat(codes(Stream.concat(reads(refused), writes(refused))))
                        .containsExactly(Status.Code.UNAUTHENTICATED);
            }
            assertThat(fixture.cache.entries()).isEmpty();
            assertThat(HealthGrpc.newBlockingStub(channel)
                            .check(HealthCheckRequest.getDefaultInstance())
                            .getStatus())
                    .isEqualTo(ServingStatus.SERVING);
            Channel known = with(basic("alice:secret:word"), channel);
            assertThat(codes(Stream.concat(writes(known), reads(known)))).containsExactly(Status.Code.OK);
        }
    }

    @Test
    void readsMayBeAnonymous() throws Exception {
        AuthOptions auth = passwords().withAnonymousReads(true);
        try (GrpcFixture fixture = new GrpcFixture(directory.resolve("cache"), auth, Optional.empty())) {
            Channel channel = fixture.client.channel;
            assertThat(codes(writes(channel))).containsExactly(Status.Code.UNAUTHENTICATED);
            assertThat(fixture.cache.entries()).isEmpty();
            assertThat(codes(writes(with(basic("alice:secret:word"), channel)))).containsExactly(Status.Code.OK);
            assertThat(codes(reads(channel))).containsExactly(Status.Code.OK);
            assertThat(codes(reads(with(basic("alice:wrong"), channel)))).containsExactly(Status.Code.UNAUTHENTICATED);
        }
    }

    private Optional<TlsOptions> mutual() throws IOException {
        return Optional.of(TlsOptions.mutual(
                PemFiles.certificates(directory.resolve("server.pem"), Identity.SERVER),
                PemFiles.key(directory.resolve("server.key"), Identity.SERVER),
                PemFiles.authority(directory.resolve("authority.pem"))));
    }

    private GrpcClient client(GrpcFixture fixture, boolean certificate) throws IOException {
        SslContextBuilder builder = GrpcSslContexts.forClient()
                .trustManager(directory.resolve("authority.pem").toFile());
        if (certificate) {
            builder.keyManager(
                    PemFiles.certificates(directory.resolve("client.pem"), Identity.CLIENT)
                            .toFile(),
                    PemFiles.key(directory.resolve("client.key"), Identity.CLIENT)
                            .toFile());
        }
        SslContext tls = builder.build();
        return new GrpcClient(fixture.endpoint.address(), channel -> channel.sslContext(tls));
    }

    @Test
    void aClientCertificateIsNeeded() throws Exception {
        try (GrpcFixture fixture = new GrpcFixture(directory.resolve("cache"), AuthOptions.none(), mutual());
                GrpcClient known = client(fixture, true);
                GrpcClient unknown = client(fixture, false)) {
            assertThat(codes(Stream.concat(reads(unknown.channel), writes(unknown.channel))))
                    .containsExactly(Status.Code.UNAVAILABLE);
            assertThat(codes(writes(fixture.client.channel))) // without TLS
                    .containsExactly(Status.Code.UNAVAILABLE);
            assertThat(fixture.cache.entries()).isEmpty();
            assertThat(codes(Stream.concat(writes(known.channel), reads(known.channel))))
                    .containsExactly(Status.Code.OK);
        }
    }

    @Test
    void readsMayNeedNoCertificate() throws Exception {
        AuthOptions auth = AuthOptions.none().withAnonymousReads(true);
        try (GrpcFixture fixture = new GrpcFixture(directory.resolve("cache"), auth, mutual());
                GrpcClient known = client(fixture, true);
                GrpcClient unknown = client(fixture, false)) {
            assertThat(codes(writes(unknown.channel))).containsExactly(Status.Code.PERMISSION_DENIED);
            assertThat(codes(writes(known.channel))).containsExactly(Status.Code.OK);
            assertThat(codes(reads(unknown.channel))).containsExactly(Status.Code.OK);
        }
    }

    @Test
    void aReadOnlyCacheTakesNothing() throws Exception {
        Path cache = directory.resolve("cache");
        try (ContentCache filled = ContentCache.open(cache, CacheOptions.ofMaxBytes(256L << 20))) {
            filled.put(digest(CONTENT), BlobSource.of(ByteBuffer.wrap(CONTENT)));
            filled.putRecord(
                    Keyspace.AC,
                    digest(CONTENT).sha256(),
                    BlobSource.of(ByteBuffer.wrap(
                            ActionResult.newBuilder().setExitCode(1).build().toByteArray())));
        }
        CacheOptions readOnly = CacheOptions.builder()
                .maxBytes(256L << 20)
                .accessMode(AccessMode.READ_ONLY)
                .build();
        try (GrpcFixture fixture = new GrpcFixture(cache, readOnly)) {
            Channel channel = fixture.client.channel;
            assertThat(codes(writes(channel))).containsExactly(Status.Code.PERMISSION_DENIED);
            assertThat(codes(reads(channel))).containsExactly(Status.Code.OK);
            assertThat(CapabilitiesGrpc.newBlockingStub(channel)
                            .getCapabilities(GetCapabilitiesRequest.getDefaultInstance())
                            .getCacheCapabilities()
                            .getActionCacheUpdateCapabilities()
                            .getUpdateEnabled())
                    .isFalse();
        }
    }

    @Test
    void actionResultsAreBounded() throws Exception {
        ServerLimits limits = ServerLimits.builder().maxRecordBytes(100).build();
        try (GrpcFixture fixture = new GrpcFixture(directory.resolve("cache"), limits)) {
            UpdateActionResultRequest.Builder request =
                    UpdateActionResultRequest.newBuilder().setActionDigest(Digests.of(digest(CONTENT)));
            var actions = ActionCacheGrpc.newBlockingStub(fixture.client.channel);
            ByteString output = ByteString.copyFrom(new byte[100]);
            assertThat(code(() -> actions.updateActionResult(
                            request.setActionResult(ActionResult.newBuilder().setStdoutRaw(output))
                                    .build())))
                    .isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(fixture.cache.entries()).isEmpty();
            assertThat(code(() -> actions.updateActionResult(
                            request.setActionResult(ActionResult.newBuilder().setStdoutRaw(output.substring(10)))
                                    .build())))
                    .isEqualTo(Status.Code.OK);
        }
    }
}
