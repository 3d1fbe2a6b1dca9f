package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.Crc32c;
import io.blobstore.RetainedSource;
import io.blobstore.SourceChangedException;
import io.blobstore.TargetException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.PiecesWindow;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests sources and handlers that fail: their exceptions are passed on unchanged, and the connection is not reused. */
@ExtendWith(LeakCheck.class)
class CallbackTest {
    @TempDir
    private Path directory;

    private static Stream<Arguments> uncheckedFailures() {
        return failures().filter(arguments -> !(arguments.get()[1] instanceof IOException));
    }

    private static Stream<Arguments> failures() {
        return Stream.of(TestNetChannel.values())
                .flatMap(channel -> Stream.of(
                                SourceChangedException.of(Path.of("file"), "it shrank"),
                                new IOException("no more"),
                                new IllegalStateException("closed"),
                                new InternalError("a fault in mapped memory"))
                        .map(failure -> Arguments.of(channel, failure)));
    }

    /** In {@code checkUnchanged}. */
    private static final long AT_THE_CHECK = -1;

    /** Content in pieces of 64 KiB, of which one cannot be read. */
    private record FailingSource(BlobSource content, long failsAt, Throwable failure) implements BlobSource {
        private static final int PIECE = 64 << 10;

        @Override
        public long size() {
            return content.size();
        }

        @Override
        public BlobSource slice(long from, long length) {
            throw new UnsupportedOperationException("not needed");
        }

        @Override
        public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
            AtomicLong visited = new AtomicLong();
            content.forEachBuffer(Math.min(maxBufferSize, PIECE), buffer -> {
                if (failsAt >= 0 && visited.getAndAdd(buffer.remaining()) >= failsAt) {
                    sneak(failure);
                }
                visitor.visit(buffer);
            });
        }

        @Override
        public void checkUnchanged() throws IOException {
            if (failsAt == AT_THE_CHECK) {
                sneak(failure);
            }
        }

        @Override
        public RetainedSource retain() {
            return content.retain();
        }
    }

    private static void sneak(Throwable failure) throws IOException {
        if (failure instanceof IOException e) {
            throw e;
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        throw (Error) failure;
    }

    @ParameterizedTest
    @MethodSource("failures")
    void anExceptionOfASourceIsPassedOnUnchanged(TestNetChannel channel, Throwable failure) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, "next"));
                HttpClient client = channel.client().build()) {
            BlobSource content = BlobSource.of(ByteBuffer.allocateDirect(4 << 20));
            for (long at : new long[] {0, 1 << 20, AT_THE_CHECK}) {
                Calls.execute(client, Calls.get(server));
                int before = server.requests().size();

                Throwable thrown = catchThrowable(
                        () -> Calls.execute(client, Calls.put(server, new FailingSource(content, at, failure))));

                assertThat(thrown).isSameAs(failure);
                server.awaitOpen(0);
                if (at != 0) {
                    assertThat(server.requests()).hasSize(before + 1);
                    assertThat(server.requests().get(before).bodyReceived())
                            .as("a server that has it all could store it")
                            .isLessThan(4 << 20);
                }
            }
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingOfASmallBodyIsSentIfItChanged(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, "next"));
                HttpClient client = channel.client().build()) {
            Calls.execute(client, Calls.get(server));
            IOException failure = new IOException("it changed");
            BlobSource content = BlobSource.concat(
                    List.of(BlobSource.of(ByteBuffer.allocate(10)), BlobSource.of(ByteBuffer.allocateDirect(16_000))));

            assertThat(catchThrowable(() -> Calls.execute(
                            client, Calls.put(server, new FailingSource(content, AT_THE_CHECK, failure)))))
                    .isSameAs(failure);

            server.awaitOpen(0);
            assertThat(server.requests()).hasSize(1);
        }
    }

    /** Tests sizes around those up to which a body, or a piece of it, is sent together with the head. */
    @ParameterizedTest
    @EnumSource
    void bodiesInPiecesOfAnySizeArrive(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, "next"));
                HttpClient client = channel.client().build()) {
            for (int[] sizes : new int[][] {
                {1},
                {1, 1},
                {16 << 10},
                {(16 << 10) + 1},
                {1, 16 << 10, 1},
                {2048, 100_000, 2048},
                {2049, 100_000, 2049},
                {100_000, 1},
                {100_000, 2048, 1},
                {1, 2047, 100_000, 2047, 1, 1},
                {200_000, 200_000}
            }) {
                for (boolean direct : new boolean[] {false, true}) {
                    byte[] content = Calls.content(Arrays.stream(sizes).sum());
                    List<BlobSource> pieces = new ArrayList<>();
                    int at = 0;
                    for (int size : sizes) {
                        ByteBuffer piece = direct ? ByteBuffer.allocateDirect(size) : ByteBuffer.allocate(size);
                        pieces.add(BlobSource.of(piece.put(content, at, size).flip()));
                        at += size;
                    }

                    assertThat(Calls.execute(client, Calls.put(server, BlobSource.concat(pieces)))
                                    .status())
                            .isEqualTo(200);

                    assertThat(server.requests()
                                    .get(server.requests().size() - 1)
                                    .bodyChecksum())
                            .as("%s", Arrays.toString(sizes))
                            .isEqualTo(Crc32c.of(ByteBuffer.wrap(content)));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatShrankIsNoticedBeforeItIsSent(TestNetChannel channel) throws Exception {
        Path path = Files.write(directory.resolve("file"), new byte[1 << 20]);
        try (ScriptedServer server = channel.server(Script.responding(200, "next"));
                HttpClient client = channel.client().build();
                MappedFile file = MappedFile.open(path)) {
            try (RandomAccessFile shrinking = new RandomAccessFile(path.toFile(), "rw")) {
                shrinking.setLength(1 << 19);
            }
            assertThat(catchThrowable(() -> Calls.execute(client, Calls.put(server, file.region()))))
                    .isInstanceOf(SourceChangedException.class);
            server.awaitOpen(0);
            assertThat(file.leases()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("failures")
    void anExceptionOfAHandlerAtTheHeadIsPassedOnUnchanged(TestNetChannel channel, Throwable failure) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, "abcd"));
                HttpClient client = channel.client().build()) {
            Throwable thrown =
                    catchThrowable(() -> client.newCall(Calls.get(server)).execute((status, headers) -> {
                        sneak(failure);
                        return Optional.empty();
                    }));

            assertThat(thrown).isSameAs(failure);
            server.awaitOpen(0);
            assertThat(Calls.execute(client, Calls.get(server)).body().bytes())
                    .asString()
                    .isEqualTo("abcd");
        }
    }

    @ParameterizedTest
    @MethodSource("uncheckedFailures")
    void anExceptionOfAHandlerInTheBodyIsPassedOnUnchanged(TestNetChannel channel, Throwable failure) throws Exception {
        byte[] content = Calls.content(4 << 20);
        try (ScriptedServer server = channel.server(exchange -> exchange.respond(200, content));
                HttpClient client = channel.client().build();
                MappedFile file = MappedFile.create(directory.resolve("target"), content.length);
                Lease lease = file.region().acquireWritable()) {
            Throwable thrown =
                    catchThrowable(() -> client.newCall(Calls.get(server)).execute(new ResponseHandler() {
                        private int received;

                        @Override
                        public Optional<Body> target(int status, HttpHeaders headers) {
                            return Optional.of(Calls.body(lease.buffers().get(0)));
                        }

                        @Override
                        public void received(ByteBuffer bytes) {
                            received += bytes.remaining();
                            if (received > 1 << 20) {
                                if (failure instanceof RuntimeException e) {
                                    throw e;
                                }
                                throw (Error) failure;
                            }
                        }
                    }));

            assertThat(thrown).isSameAs(failure);
            server.awaitOpen(0);
            assertThat(Calls.execute(client, Calls.get(server)).body().bytes()).isEqualTo(content);
        }
    }

    @Test
    void theTimeThatATargetTakesIsNotTheServers() throws Exception {
        byte[] content = Calls.content(2000);
        Duration stall = Duration.ofSeconds(1);
        ManualClock clock = new ManualClock();
        CountDownLatch taken = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.plain(exchange -> {
                    exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n");
                    exchange.output().write(content, 0, 1000);
                    exchange.output().flush();
                    taken.await();
                    exchange.output().write(content, 1000, 1000);
                });
                HttpClient client =
                        HttpClient.builder().stallTimeout(stall).clock(clock).build()) {
            PiecesWindow pieces = new PiecesWindow(2000, 1000);
            BlobTarget.Window slow = new BlobTarget.Window() {
                @Override
                public long remaining() {
                    return pieces.remaining();
                }

                @Override
                public ByteBuffer buffer() throws TargetException {
                    if (pieces.remaining() == 1000) {
                        clock.advance(stall.multipliedBy(2)); // like a write to a slow disk
                        taken.countDown();
                    }
                    return pieces.buffer();
                }
            };

            client.newCall(Calls.get(server))
                    .execute((status, headers) -> Optional.of(new ResponseHandler.Body(2000, slow)));

            assertThat(pieces.bytes()).isEqualTo(content);
        }
    }
}
