package io.blobstore.server.internal.grpc;

import static io.blobstore.server.internal.grpc.GrpcFixture.blob;
import static io.blobstore.server.internal.grpc.GrpcFixture.digest;
import static io.blobstore.server.internal.grpc.GrpcFixture.frames;
import static io.blobstore.server.internal.grpc.GrpcFixture.text;
import static io.blobstore.server.internal.grpc.GrpcFixture.upload;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import com.google.bytestream.ByteStreamGrpc;
import com.google.bytestream.ByteStreamProto.QueryWriteStatusRequest;
import com.google.bytestream.ByteStreamProto.QueryWriteStatusResponse;
import com.google.protobuf.ByteString;
import io.blobstore.BlobSource;
import io.blobstore.cas.Digest;
import io.blobstore.cas.StorageMode;
import io.blobstore.zstd.internal.StreamDecoder;
import io.grpc.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

public class ByteStreamTest {
    @TempDir
    Path directory;

    private static final byte[] LARGE = text((5 << 20) + 12_345);

    private static byte[] decode(byte[] frames) throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        try (StreamDecoder decoder = new StreamDecoder()) {
            decoder.decode(ByteBuffer.wrap(frames), piece -> {
                byte[] bytes = new byte[piece.remaining()];
                piece.get(bytes);
                content.writeBytes(bytes);
            });
            assertThat(decoder.isComplete()).isTrue();
        }
        return content.toByteArray();
    }

    private static void put(GrpcFixture fixture, byte[] content) throws IOException {
        fixture.cache.put(digest(content), BlobSource.of(ByteBuffer.wrap(content)));
    }

    @ParameterizedTest
    @EnumSource(StorageMode.class)
    void contentIsReadFromAnyOffset(StorageMode mode) throws Exception {
        try (GrpcFixture fixture = new GrpcFixture(directory, mode)) {
            put(fixture, LARGE);
            Digest digest = digest(LARGE);
            int size = LARGE.length;
            for (int offset : new int[] {0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, size - 1, size}) {
                byte[] expected = Arrays.copyOfRange(LARGE, offset, size);
                assertThat(fixture.read(blob(digest), offset, 0)).isEqualTo(expected);
                byte[] frames = fixture.read(frames(digest), offset, 0);
                assertThat(offset == size ? frames : decode(frames)).isEqualTo(expected);
                int limit = Math.min(100, size - offset);
                assertThat(fixture.read(blob(digest), offset, 100))
                        .isEqualTo(Arrays.copyOfRange(LARGE, offset, offset + limit));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(StorageMode.class)
    void contentIsWrittenAsItIsAndAsFrames(StorageMode mode) throws Exception {
        try (GrpcFixture fixture = new GrpcFixture(directory, mode)) {
            byte[] other = text(3 << 20);
            byte[] frames = Zstd.compress(other, 3);
            assertThat(fixture.write(upload(blob(digest(LARGE))), LARGE)).isEqualTo(LARGE.length);
            assertThat(fixture.write(upload(frames(digest(other))), frames)).isEqualTo(frames.length);

            assertThat(fixture.read(blob(digest(LARGE)), 0, 0)).isEqualTo(LARGE);
            assertThat(fixture.read("any/instance/" + blob(digest(other)), 0, 0))
                    .isEqualTo(other);
        }
    }

    @Test
    void whatIsThereIsAnsweredAtOnce() throws Exception {
        try (GrpcFixture fixture = new GrpcFixture(directory, StorageMode.HYBRID)) {
            put(fixture, LARGE);
            GrpcFixture.Write plain = fixture.write();
            plain.send(upload(blob(digest(LARGE))), 0, ByteString.EMPTY, false);
            assertThat(plain.answer.get(60, TimeUnit.SECONDS).getCommittedSize())
                    .isEqualTo(LARGE.length);
            GrpcFixture.Write compressed = fixture.write();
            compressed.send(upload(frames(digest(LARGE))), 0, ByteString.EMPTY, false);
            assertThat(compressed.answer.get(60, TimeUnit.SECONDS).getCommittedSize())
                    .isEqualTo(-1);

            assertThat(status(fixture, blob(digest(LARGE))).getComplete()).isTrue();
            assertThat(status(fixture, blob(digest(LARGE))).getCommittedSize()).isEqualTo(LARGE.length);
            assertThat(status(fixture, blob(digest(text(9)))).getComplete()).isFalse();
        }
    }

    private static QueryWriteStatusResponse status(GrpcFixture fixture, String resource) {
        return ByteStreamGrpc.newBlockingStub(fixture.channel)
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .queryWriteStatus(QueryWriteStatusRequest.newBuilder()
                        .setResourceName(upload(resource))
                        .build());
    }

    @Test
    void contentOfNoBytesIsAlwaysThere() throws Exception {
        try (GrpcFixture fixture = new GrpcFixture(directory, StorageMode.HYBRID)) {
            Digest empty = digest(new byte[0]);
            assertThat(fixture.read(blob(empty), 0, 0)).isEmpty();
            assertThat(decode(fixture.read(frames(empty), 0, 0))).isEmpty();
            assertThat(fixture.write(upload(blob(empty)), new byte[0])).isZero();
        }
    }

    @Test
    void badReadsAreRefused() throws Exception {
        try (GrpcFixture fixture = new GrpcFixture(directory, StorageMode.HYBRID)) {
            byte[] content = text(2304);
            put(fixture, content);
            String blob = blob(digest(content));
            refused(Status.Code.NOT_FOUND, () -> fixture.read(blob(digest(text(7))), 0, 0));
            refused(
                    Status.Code.NOT_FOUND,
                    () -> fixture.read("blobs/" + digest(content).sha256().hex() + "/2303", 0, 0));
            refused(Status.Code.OUT_OF_RANGE, () -> fixture.read(blob, 2305, 0));
            refused(Status.Code.OUT_OF_RANGE, () -> fixture.read(blob, -1, 0));
            refused(Status.Code.INVALID_ARGUMENT, () -> fixture.read(blob, 0, -1));
            refused(Status.Code.INVALID_ARGUMENT, () -> fixture.read(frames(digest(content)), 0, 1));
            refused(Status.Code.INVALID_ARGUMENT, () -> fixture.read("blobs/x/1", 0, 0));
        }
    }

    @Test
    void badWritesAreRefusedAndLeaveNothing() throws Exception {
        try (GrpcFixture fixture = new GrpcFixture(directory, StorageMode.HYBRID)) {
            byte[] wrong = LARGE.clone();
            wrong[LARGE.length - 1]++;
            String blob = upload(blob(digest(LARGE)));
            String frames = upload(frames(digest(LARGE)));
            refused(Status.Code.INVALID_ARGUMENT, () -> fixture.write(blob, wrong));
            refused(Status.Code.INVALID_ARGUMENT, () -> fixture.write(blob, text(100)));
            refused(Status.Code.INVALID_ARGUMENT, () -> fixture.write(blob, text(LARGE.length + 1)));
            refused(Status.Code.INVALID_ARGUMENT, () -> fixture.write(frames, LARGE));
            refused(Status.Code.INVALID_ARGUMENT, () -> fixture.write(frames, Zstd.compress(wrong, 1)));
            byte[] whole = Zstd.compress(LARGE, 1);
            refused(Status.Code.INVALID_ARGUMENT, () -> fixture.write(frames, Arrays.copyOf(whole, whole.length - 1)));
            refused(Status.Code.INVALID_ARGUMENT, () -> {
                GrpcFixture.Write gap = fixture.write();
                gap.send(blob, 0, ByteString.copyFromUtf8("abc"), false);
                gap.send(blob, 4, ByteString.copyFromUtf8("abc"), false);
                return gap.answer.get(60, TimeUnit.SECONDS);
            });
            refused(Status.Code.OUT_OF_RANGE, () -> {
                GrpcFixture.Write resumed = fixture.write();
                resumed.send(blob, 10, ByteString.copyFromUtf8("abc"), false);
                return resumed.answer.get(60, TimeUnit.SECONDS);
            });
            refused(Status.Code.INVALID_ARGUMENT, () -> {
                GrpcFixture.Write unfinished = fixture.write();
                unfinished.send(blob, 0, ByteString.copyFromUtf8("abc"), false);
                unfinished.complete();
                return unfinished.answer.get(60, TimeUnit.SECONDS);
            });

            assertThat(fixture.cache.entries()).isEmpty();
            assertThat(fixture.cache.stats().reservedBytes()).isZero();
        }
    }

    private interface Call {
        Object run() throws Exception;
    }

    private static void refused(Status.Code code, Call call) {
        assertThatThrownBy(call::run)
                .satisfies(failure ->
                        assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(code));
    }

    @Test
    void aCancelledWriteLeavesNothing() throws Exception {
        try (GrpcFixture fixture = new GrpcFixture(directory, StorageMode.HYBRID)) {
            GrpcFixture.Write write = fixture.write();
            write.send(upload(blob(digest(LARGE))), 0, ByteString.copyFrom(LARGE, 0, 2 << 20), false);
            while (fixture.cache.stats().reservedBytes() == 0) {
                Thread.onSpinWait();
            }
            write.cancel();
            while (fixture.cache.stats().reservedBytes() > 0) {
                Thread.onSpinWait();
            }
            assertThat(fixture.cache.entries()).isEmpty();
        }
    }
}
