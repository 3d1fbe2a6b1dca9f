package io.blobstore.bench;

import io.blobstore.Crc32c;
import io.netty.handler.ssl.SslProvider;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/** The AWS SDK's asynchronous client, part by part, with the settings that copy least. */
final class AsyncClient implements BenchmarkClient {
    private final TransferSpec job;
    private final S3AsyncClient client;
    /** Whether the client computes the checksums of parts; else they are given to it. */
    private final boolean computesChecksums;

    private final PartWorkers workers;
    private final WarmMapping memory;

    private AsyncClient(TransferSpec job, S3AsyncClient client, boolean computesChecksums) throws Exception {
        this.job = job;
        this.client = client;
        this.computesChecksums = computesChecksums;
        this.workers = new PartWorkers(job.concurrency());
        this.memory = job.isUpload() ? WarmMapping.forReading(job.file()) : WarmMapping.forWriting(job.file());
    }

    static BenchmarkClient netty(TransferSpec job) throws Exception {
        return new AsyncClient(job, nettyClient(job), false);
    }

    static BenchmarkClient crt(TransferSpec job) throws Exception {
        return new AsyncClient(job, crtClient(job), true);
    }

    /** The SDK's Netty client. */
    static SdkAsyncHttpClient nettyHttp(TransferSpec job) {
        NettyNioAsyncHttpClient.Builder builder =
                NettyNioAsyncHttpClient.builder().maxConcurrency(job.concurrency());
        switch (job.scenario().transport) {
            case HTTP -> {}
            case HTTPS_OPENSSL -> builder.sslProvider(SslProvider.OPENSSL);
            case HTTPS_JDK -> builder.sslProvider(SslProvider.JDK);
        }
        return builder.build();
    }

    /** The client that runs on Netty, which adds no checksum of its own. */
    static S3AsyncClient nettyClient(TransferSpec job) {
        return AwsSdk.at(job, S3AsyncClient.builder())
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .httpClient(nettyHttp(job))
                .build();
    }

    /** The client that runs on the CRT, with its default checksums. */
    static S3AsyncClient crtClient(TransferSpec job) {
        return AwsSdk.crtBuilder(job)
                .minimumPartSizeInBytes((long) job.partSize())
                .maxConcurrency(job.concurrency())
                .build();
    }

    @Override
    public void round() throws Exception {
        if (job.isUpload()) {
            upload();
        } else {
            read();
        }
    }

    private void upload() throws Exception {
        String uploadId = client.createMultipartUpload(
                        r -> r.bucket(TransferSpec.BUCKET).key(job.key()))
                .join()
                .uploadId();
        String[] etags = new String[PartWorkers.parts(memory.size(), job.partSize())];
        workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
            ByteBuffer slice = memory.slice(offset, length);
            UploadPartRequest request = computesChecksums
                    ? AwsSdk.uploadPart(job, uploadId, index, length).build()
                    : AwsSdk.uploadPart(job, uploadId, index, slice);
            etags[index] = client.uploadPart(request, AsyncRequestBody.fromByteBuffersUnsafe(slice))
                    .join()
                    .eTag();
        });
        client.completeMultipartUpload(AwsSdk.complete(job, uploadId, etags)).join();
    }

    private void read() throws Exception {
        PartChecksums checksums = new PartChecksums(memory.size(), job.partSize());
        workers.forEachPart(memory.size(), job.partSize(), (index, offset, length) -> {
            ByteBuffer slice = memory.slice(offset, length);
            client.getObject(
                            r -> r.bucket(TransferSpec.BUCKET).key(job.key()).range(AwsSdk.range(offset, length)),
                            new IntoBuffer(slice.duplicate()))
                    .join();
            checksums.set(index, Crc32c.of(slice));
        });
        checksums.require(client.headObject(
                        r -> r.bucket(TransferSpec.BUCKET).key(job.key()).checksumMode(ChecksumMode.ENABLED))
                .join()
                .checksumCRC32C());
    }

    @Override
    public void close() {
        workers.close();
        client.close();
    }

    /** Puts a response into a buffer as it comes, without gathering it first. */
    private static final class IntoBuffer
            implements AsyncResponseTransformer<GetObjectResponse, GetObjectResponse>, Subscriber<ByteBuffer> {
        private final ByteBuffer target;
        private final CompletableFuture<Void> done = new CompletableFuture<>();
        private volatile GetObjectResponse response =
                GetObjectResponse.builder().build();

        IntoBuffer(ByteBuffer target) {
            this.target = target;
        }

        @Override
        public CompletableFuture<GetObjectResponse> prepare() {
            return done.thenApply(nothing -> response);
        }

        @Override
        public void onResponse(GetObjectResponse arrived) {
            response = arrived;
        }

        @Override
        public void onStream(SdkPublisher<ByteBuffer> publisher) {
            publisher.subscribe(this);
        }

        @Override
        public void exceptionOccurred(Throwable problem) {
            done.completeExceptionally(problem);
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(ByteBuffer content) {
            target.put(content);
        }

        @Override
        public void onError(Throwable problem) {
            done.completeExceptionally(problem);
        }

        @Override
        public void onComplete() {
            done.complete(null);
        }
    }
}
