package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.PartialReadException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.TestAuthority;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that end in the middle of content: the received bytes are reported, and not requested again. */
@ExtendWith(LeakCheck.class)
class PartialReadsTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final Pattern RANGE = Pattern.compile("bytes=([0-9]+)-([0-9]+)");
    /** The part size: several of the buffers for writing a file, so that most connections end within a buffer. */
    private static final int PART = 600 << 10;

    @TempDir
    Path directory;

    private static byte[] content(int size) {
        byte[] content = new byte[size];
        new SplittableRandom(size).nextBytes(content);
        return content;
    }

    private static Crc32c crc(byte[] content, int from, int length) {
        return Crc32c.of(ByteBuffer.wrap(content, from, length));
    }

    /** Serves a blob, with some responses that end too early. Counts the sent bytes. */
    private static final class Blob implements ScriptedServer.Script {
        private final byte[] content;
        private final int cutEvery;
        private final Random random = new Random(1);
        private final AtomicInteger reads = new AtomicInteger();
        private final AtomicInteger cuts = new AtomicInteger();
        private final AtomicLong sent = new AtomicLong();

        Blob(byte[] content, int cutEvery) {
            this.content = content;
            this.cutEvery = cutEvery;
        }

        @Override
        public void run(ScriptedExchange exchange) throws IOException {
            String checksum =
                    "x-amz-checksum-crc32c: " + crc(content, 0, content.length).base64();
            if (exchange.method().equals("HEAD")) {
                exchange.respondHead(200, content.length, ScriptedS3.ETAG, ScriptedS3.MODIFIED, checksum);
                return;
            }
            int first = 0;
            int last = content.length - 1;
            int status = 200;
            Matcher range = RANGE.matcher(exchange.header("Range").orElse(""));
            if (range.matches()) {
                status = 206;
                first = Integer.parseInt(range.group(1));
                last = Math.min(last, Integer.parseInt(range.group(2)));
                checksum = "Content-Range: bytes " + first + "-" + last + "/" + content.length;
            }
            int length = last - first + 1;
            boolean cut = reads.incrementAndGet() % cutEvery == 0;
            int arriving = cut ? random.nextInt(length) : length;
            exchange.respondHead(status, length, ScriptedS3.ETAG, ScriptedS3.MODIFIED, checksum);
            exchange.output().write(content, first, arriving);
            exchange.output().flush();
            sent.addAndGet(arriving);
            if (cut) {
                cuts.incrementAndGet();
                exchange.close();
            }
        }
    }

    /** Responds with the beginning of the whole blob or of a range of it, and closes the connection. */
    private static ScriptedServer.Script cutting(byte[] content, boolean ranged, int arriving) {
        return exchange -> {
            begin(exchange, content, ranged, arriving);
            exchange.cutOff();
        };
    }

    private static void begin(ScriptedExchange exchange, byte[] content, boolean ranged, int arriving)
            throws IOException {
        exchange.respondHead(
                ranged ? 206 : 200,
                content.length,
                ScriptedS3.ETAG,
                ScriptedS3.MODIFIED,
                ranged
                        ? "Content-Range: bytes 0-" + (content.length - 1) + "/" + content.length
                        : "x-amz-checksum-crc32c: "
                                + crc(content, 0, content.length).base64());
        exchange.output().write(content, 0, arriving);
        exchange.output().flush();
    }

    @ParameterizedTest
    @CsvSource({
        "false, false, 1",
        "false, true, 1",
        "false, true, 99999",
        "true, false, 50000",
        "true, true, 50000",
        "true, true, 99999"
    })
    void theReceivedBytesAreReported(boolean secure, boolean ranged, int arriving) throws IOException {
        byte[] content = content(100_000);
        ScriptedServer.Script script = cutting(content, ranged, arriving);
        for (ByteBuffer target : new ByteBuffer[] {ByteBuffer.allocateDirect(100_010), ByteBuffer.allocate(100_010)}) {
            try (ScriptedServer server = secure
                            ? ScriptedServer.secure(
                                    TestAuthority.get().serverContext(TestAuthority.Identity.SERVER), script)
                            : ScriptedServer.plain(script);
                    BlobStore store = ScriptedS3.store(server)
                            .trustManagers(TestAuthority.get().trustManagers())
                            .open()) {
                target.position(7);
                ByteRange range = ranged ? ByteRange.of(0, 100_000) : ByteRange.all();

                ReadResult received = catchThrowableOfType(
                                PartialReadException.class, () -> store.read(KEY, range, target))
                        .received();

                assertThat(received.length()).isEqualTo(arriving);
                assertThat(received.checksum()).isEqualTo(crc(content, 0, arriving));
                assertThat(received.blob().size()).isEqualTo(100_000);
                assertThat(received.blob().version().toString()).contains("0123456789abcdef");
                if (ranged) {
                    assertThat(received.blob().checksum()).isEmpty();
                }
                assertThat(target.position()).isEqualTo(7);
                assertThat(target.slice(7, arriving)).isEqualTo(ByteBuffer.wrap(content, 0, arriving));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void withoutReceivedBytesTheReadIsNotPartial(boolean ranged) throws IOException {
        byte[] content = content(1000);
        try (ScriptedServer server = ScriptedServer.plain(cutting(content, ranged, 0));
                BlobStore store = ScriptedS3.store(server).open()) {
            BlobStoreException failure = catchThrowableOfType(
                    BlobStoreException.class, () -> store.read(KEY, ByteRange.of(0, 1000), ByteBuffer.allocate(1000)));

            assertThat(failure.isRetryable()).isTrue();
            assertThat(failure).isNotInstanceOf(PartialReadException.class);
        }
    }

    @Test
    void bytesOfAnotherVersionAreNotReported() throws IOException {
        byte[] content = content(1000);
        try (ScriptedServer server = ScriptedServer.plain(cutting(content, true, 500));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(catchThrowableOfType(
                            BlobStoreException.class,
                            () -> store.read(
                                    KEY,
                                    ByteRange.of(0, 1000),
                                    ByteBuffer.allocate(1000),
                                    ReadOptions.ifMatch(new BlobVersion("\"another\"")))))
                    .isNotInstanceOf(PartialReadException.class);
        }
    }

    /** Cancels before the first byte, in the first buffer for writing the file, and in a later one. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1000, 300_000, 900_000})
    void aDownloadThatIsCancelledWithinAPartKeepsTheOldFile(int arriving) throws Exception {
        byte[] content = content(1_000_000);
        byte[] old = {1, 2, 3};
        Path path = Files.write(directory.resolve("target"), old);
        CountDownLatch sent = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.plain(exchange -> {
                    begin(exchange, content, true, arriving);
                    sent.countDown();
                    exchange.awaitClientGone();
                });
                BlobStore store = ScriptedS3.store(server).open();
                TransferManager reader = TransferManager.create()) {
            Transfer<ReadResult> transfer = reader.download(store, KEY, ByteRange.all(), BlobTarget.ofPath(path));
            sent.await();
            transfer.cancel();

            assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
            server.awaitOpen(0);
        }
        assertThat(path).hasBinaryContent(old);
        assertThat(directory).isDirectoryContaining(path::equals).isDirectoryNotContaining(file -> !file.equals(path));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingIsFetchedTwiceIfOneConnectionInTenEndsEarly(boolean mapped) throws Exception {
        byte[] content = content(64 * PART + 1);
        Blob blob = new Blob(content, 10);
        DownloadOptions options =
                DownloadOptions.builder().partSize(PART).concurrency(4).build();
        Path path = directory.resolve("target");
        try (ScriptedServer server = ScriptedServer.plain(blob);
                BlobStore store = ScriptedS3.store(server).open();
                TransferManager reader = TransferManager.create()) {
            ReadResult read;
            if (mapped) {
                MappedFile file = MappedFile.create(path, content.length);
                var transfer = reader.download(store, KEY, ByteRange.all(), file.region(), options);
                file.close();
                read = transfer.join();
            } else {
                read = reader.download(store, KEY, ByteRange.all(), BlobTarget.ofPath(path), options)
                        .join();
            }
            assertThat(read.checksum()).isEqualTo(crc(content, 0, content.length));
            assertThat(server.requests().stream()
                            .filter(request -> request.method().equals("GET")))
                    .hasSize(blob.reads.get())
                    .filteredOn(request -> request.header("If-Match").isEmpty())
                    .hasSize(1);
        }
        assertThat(Arrays.mismatch(Files.readAllBytes(path), content)).isEqualTo(-1);
        assertThat(blob.cuts).hasValueGreaterThanOrEqualTo(6);
        assertThat(blob.sent.get() - content.length).isBetween(0L, content.length / 50L);
    }
}
