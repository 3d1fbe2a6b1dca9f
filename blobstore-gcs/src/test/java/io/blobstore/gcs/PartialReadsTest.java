package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.PartialReadException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadResult;
import io.blobstore.contract.LeakCheck;
import io.blobstore.gcs.fake.FakeGcs;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferListener;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that end in the middle of content: the received bytes are reported, and not requested again. */
@ExtendWith(LeakCheck.class)
class PartialReadsTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    /** The part size: several of the buffers for writing a file, so that most connections end within a buffer. */
    private static final int PART = 600 << 10;

    private static final byte[] CONTENT = new byte[64 * PART + 1];
    private static final Predicate<ScriptedExchange> IS_READ =
            request -> request.method().equals("GET") && !FakeGcs.isJson(request);

    static {
        new SplittableRandom(1).nextBytes(CONTENT);
    }

    @RegisterExtension
    final FakeServer server = FakeServer.plain();

    @TempDir
    Path directory;

    private static Crc32c crc(int from, int length) {
        return Crc32c.of(ByteBuffer.wrap(CONTENT, from, length));
    }

    private static ScriptedFault[] oneInTen(ScriptedFault fault) {
        return IntStream.rangeClosed(1, 60)
                .mapToObj(i -> i % 10 == 0 ? fault : ScriptedFault.none())
                .toArray(ScriptedFault[]::new);
    }

    @Test
    void theReceivedBytesAreReported() throws IOException {
        try (BlobStore store = server.store().open()) {
            BlobVersion version =
                    store.store(KEY, ByteBuffer.wrap(CONTENT, 0, 100_000)).version();
            for (ByteRange range : new ByteRange[] {ByteRange.of(1000, 50_000), ByteRange.all()}) {
                server.get().fault(IS_READ, ScriptedFault.cutResponse());
                ByteBuffer target = ByteBuffer.allocateDirect(100_007).position(7);

                ReadResult received = catchThrowableOfType(
                                PartialReadException.class, () -> store.read(KEY, range, target))
                        .received();

                int from = (int) range.offset();
                int arrived = (int) Math.min(range.length(), 100_000) / 2;
                assertThat(received.length()).isEqualTo(arrived);
                assertThat(received.checksum()).isEqualTo(crc(from, arrived));
                assertThat(received.blob()).isEqualTo(store.head(KEY));
                assertThat(received.blob().version()).isEqualTo(version);
                assertThat(target.position()).isEqualTo(7);
                assertThat(target.slice(7, arrived)).isEqualTo(ByteBuffer.wrap(CONTENT, from, arrived));
            }
        }
    }

    @Test
    void withoutReceivedBytesTheReadIsNotPartial() throws IOException {
        try (BlobStore store = server.store().open()) {
            store.store(KEY, ByteBuffer.wrap(CONTENT, 0, 1000));
            server.get().fault(IS_READ, ScriptedFault.loseResponse());

            BlobStoreException failure = catchThrowableOfType(
                    BlobStoreException.class, () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(1000)));

            assertThat(failure.isRetryable()).isTrue();
            assertThat(failure).isNotInstanceOf(PartialReadException.class);
        }
    }

    private ReadResult read(BlobStore store, BlobTarget target) throws IOException, InterruptedException {
        try (TransferManager reader = TransferManager.create()) {
            return reader.download(
                            store,
                            KEY,
                            ByteRange.all(),
                            target,
                            DownloadOptions.builder()
                                    .partSize(PART)
                                    .concurrency(4)
                                    .build())
                    .join();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingIsFetchedTwiceIfOneConnectionInTenEndsEarly(boolean mapped) throws Exception {
        Path path = directory.resolve("target");
        try (BlobStore store = server.store().open()) {
            store.store(KEY, ByteBuffer.wrap(CONTENT));
            server.get().fault(IS_READ, oneInTen(ScriptedFault.cutResponse()));
            server.get().forgetRequests();
            long before = server.get().bytesSent();

            if (mapped) {
                try (MappedFile file = MappedFile.create(path, CONTENT.length)) {
                    assertThat(read(store, file.region()).checksum()).isEqualTo(crc(0, CONTENT.length));
                }
            } else {
                read(store, BlobTarget.ofPath(path));
            }

            long again = server.get().bytesSent() - before - CONTENT.length;
            assertThat(again).isBetween(0L, CONTENT.length / 50L);
            assertThat(server.get().faultsLeft()).isZero();
            assertThat(server.get().requests())
                    .hasSize(65 + 6)
                    .filteredOn(request ->
                            request.header("x-goog-if-generation-match").isEmpty())
                    .hasSize(1);
        }
        assertThat(Arrays.mismatch(Files.readAllBytes(path), CONTENT)).isEqualTo(-1);
    }

    @Test
    void theContentIsCompleteIfOneResponseInTenIsLost() throws Exception {
        ByteBuffer target = ByteBuffer.allocateDirect(CONTENT.length);
        try (BlobStore store = server.store().open()) {
            store.store(KEY, ByteBuffer.wrap(CONTENT));
            server.get().fault(IS_READ, oneInTen(ScriptedFault.loseResponse()));

            read(store, BlobTarget.of(target));
        }
        assertThat(target.flip().mismatch(ByteBuffer.wrap(CONTENT))).isEqualTo(-1);
    }

    @Test
    void aPartialReadIsNotContinuedFromAnotherGeneration() throws Exception {
        ByteBuffer target = ByteBuffer.allocateDirect(CONTENT.length);
        try (BlobStore store = server.store().open();
                TransferManager reader = TransferManager.create()) {
            store.store(KEY, ByteBuffer.wrap(CONTENT));
            server.get().fault(IS_READ, ScriptedFault.cutResponse());
            TransferListener replacing = new TransferListener() {
                @Override
                public void onRetry(String what, int attempt, Throwable failure, Duration delay) {
                    try {
                        store.store(KEY, ByteBuffer.wrap(CONTENT)); // equal content, another generation
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                }
            };
            Transfer<ReadResult> transfer = reader.download(
                    store,
                    KEY,
                    ByteRange.all(),
                    BlobTarget.of(target),
                    DownloadOptions.builder().partSize(PART).listener(replacing).build());

            assertThat(catchThrowable(transfer::join)).isInstanceOf(PreconditionFailedException.class);
        }
        assertThat(target.position()).isZero();
    }
}
