package io.blobstore.bench;

import com.github.luben.zstd.ZstdCompressCtx;
import com.google.bytestream.ByteStreamGrpc;
import com.google.bytestream.ByteStreamProto.ReadRequest;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.blobstore.bench.ServedContents.Content;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/** Rounds of ByteStream calls to a server of the Remote Execution API: one after another, on one connection. */
final class GrpcRuns implements Workload.Run {
    /** How often a round reads each content. */
    private static final int READS = 2;

    private final ManagedChannel channel;
    private final ServedContents contents;
    private final boolean compressed;
    private final boolean reads;
    private List<Blob> blobs = List.of();

    private GrpcRuns(Workload.Spec spec, boolean reads, boolean compressed) throws IOException {
        this.channel = NettyChannelBuilder.forAddress(HttpRuns.address(spec.endpoint()))
                .usePlaintext()
                .build();
        this.contents = new ServedContents(spec.source(), spec.size());
        this.reads = reads;
        this.compressed = compressed;
        if (reads) {
            makeBlobs();
            write();
        }
    }

    /**
     * A content as it is sent.
     *
     * @param resource its name
     */
    private record Blob(String resource, ByteString bytes) {}

    /** Writes contents that the server does not have. */
    static Workload.Run write(Workload.Spec spec, boolean compressed) throws IOException {
        return new GrpcRuns(spec, false, compressed);
    }

    /** Writes contents, then reads them in each round. */
    static Workload.Run read(Workload.Spec spec, boolean compressed) throws IOException {
        return new GrpcRuns(spec, true, compressed);
    }

    @Override
    public void prepare() {
        if (!reads) {
            makeBlobs();
        }
    }

    private void makeBlobs() {
        blobs = contents.next().stream().map(this::blob).toList();
    }

    private Blob blob(Content content) {
        return compressed
                ? new Blob(
                        "compressed-blobs/zstd/" + content.digest(),
                        frame(content.line()).concat(frame(content.rest())))
                : new Blob("blobs/" + content.digest(), wrap(content.line()).concat(wrap(content.rest())));
    }

    private static ByteString wrap(ByteBuffer bytes) {
        return UnsafeByteOperations.unsafeWrap(bytes);
    }

    private static ByteString frame(ByteBuffer bytes) {
        try (ZstdCompressCtx compressor = new ZstdCompressCtx().setLevel(1).setChecksum(true)) {
            return wrap(compressor.compress(bytes.duplicate()));
        }
    }

    @Override
    public void round() {
        if (reads) {
            for (int i = 0; i < READS; i++) {
                blobs.forEach(this::read);
            }
        } else {
            write();
        }
    }

    private void read(Blob blob) {
        ReadRequest request =
                ReadRequest.newBuilder().setResourceName(blob.resource()).build();
        long bytes = GrpcTransfers.read(channel, request);
        if (!compressed && bytes < blob.bytes().size()) {
            throw new BenchmarkException("the server sent " + bytes + " bytes of " + blob.resource());
        }
    }

    private void write() {
        for (Blob blob : blobs) {
            GrpcTransfers.write(
                    ByteStreamGrpc.newStub(channel),
                    "uploads/" + UUID.randomUUID() + "/" + blob.resource(),
                    blob.bytes());
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
