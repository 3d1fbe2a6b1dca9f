package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ContentType;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ScriptedChannel;
import io.blobstore.split.Splitter;
import io.blobstore.split.TarFormatException;
import io.blobstore.split.Vectors;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.TransferProgress;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.Pipe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A stream that is read once is split like a source with the same content. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class StreamSplitTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int MIB = 1 << 20;

    private final InMemoryBlobStore store = new InMemoryBlobStore();
    private final Repository repository = Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));

    private SplitResult split(TransferManager transfers, ByteBuffer content, SplitOptions options) throws Exception {
        return SplitEngine.of(transfers)
                .split(repository, "s", new ScriptedChannel(content, new Random(1)), options)
                .join(LIMIT);
    }

    @ParameterizedTest
    @EnumSource
    void everyTarOfTheVectorsHasTheStreamOfComposefs(ObjectHash hash) throws Exception {
        try (TransferManager transfers = TransferManager.create()) {
            Repository other = Repository.of(BlobStoreObjects.of(store, hash));
            List<List<String>> tars = Vectors.table("tars-" + hash.label() + ".tsv");
            assertThat(tars).hasSize(37);
            for (List<String> tar : tars) {
                String name = tar.get(0);
                ByteBuffer content = Vectors.decompress("tars/" + name + ".tar.zst");
                SplitOptions options = SplitOptions.builder()
                        .contentType(ContentType.OCI_LAYER)
                        .expected(Sha256.parse(tar.get(2)))
                        .build();
                SplitResult split = SplitEngine.of(transfers)
                        .split(other, name, new ScriptedChannel(content, new Random(1)), options)
                        .join(LIMIT);
                assertThat(split.stream().hex()).as(name).isEqualTo(tar.get(3));
                assertThat(split.progress().totalBytes()).isEqualTo(content.remaining());
                Fixture.assertSame(Fixture.merge(transfers, other, name, content.remaining()), content);
            }
            assertThat(Fixture.objects(other.objects()))
                    .hasSize(Vectors.table("objects-" + hash.label() + ".tsv").size());
        }
    }

    static List<String> badTars() {
        return Vectors.names("bad-tars", ".tar.zst").toList();
    }

    @ParameterizedTest
    @MethodSource("badTars")
    void aBadTarIsRefusedAsASourceIs(String name) throws Exception {
        ByteBuffer tar = Vectors.decompress("bad-tars/" + name + ".tar.zst");
        try (TransferManager transfers = TransferManager.create()) {
            String problem = problem(() -> SplitEngine.of(transfers)
                    .split(repository, "s", BlobSource.of(tar), SplitOptions.DEFAULT)
                    .join(LIMIT));
            assertThat(problem(() -> split(transfers, tar, SplitOptions.DEFAULT)))
                    .isEqualTo(problem);
            assertThat(repository.streams()).isEmpty();
            split(
                    transfers,
                    tar,
                    SplitOptions.builder().splitter(Splitter.lenientTar(64)).build());
            Fixture.assertSame(Fixture.merge(transfers, repository, "s", tar.remaining()), tar);
        }
    }

    @FunctionalInterface
    private interface Split {
        Object run() throws Exception;
    }

    private static String problem(Split split) {
        List<String> message = new ArrayList<>();
        assertThatThrownBy(split::run)
                .isInstanceOf(TarFormatException.class)
                .satisfies(e -> message.add(e.getMessage()));
        return message.get(0);
    }

    private static List<Splitter> splitters() {
        return List.of(
                Splitter.fixed(64 << 10),
                Splitter.fixed(MIB),
                Splitter.fixed(8 * MIB),
                Splitter.contentDefined(),
                Splitter.lenientTar(64),
                (input, sink) -> { // does not look ahead
                    sink.inline(1);
                    sink.object(9 * MIB, "large");
                    sink.inline(3 * MIB);
                    sink.object(3, "small");
                    sink.object(MIB, "medium");
                    sink.inline(100_000);
                    sink.inline(input.available(Long.MAX_VALUE));
                });
    }

    @ParameterizedTest
    @MethodSource("splitters")
    void anySplitterCutsAStreamAsItCutsASource(Splitter splitter) throws Exception {
        ByteBuffer content = ByteBuffer.wrap(Fixture.files(1, 1, 21 * MIB + 17).get(0));
        SplitOptions.Builder options = SplitOptions.builder()
                .splitter(splitter)
                .streamMemory(16 * MIB)
                .expected(Sha256.of(content.duplicate()));
        try (TransferManager transfers = TransferManager.create()) {
            SplitResult ofSource = SplitEngine.of(transfers)
                    .split(repository, "source", BlobSource.of(content), options.build())
                    .join(LIMIT);
            for (int threads : new int[] {1, 2, 5}) {
                SplitResult ofStream =
                        split(transfers, content, options.concurrency(threads).build());
                assertThat(ofStream.stream()).isEqualTo(ofSource.stream());
                assertThat(ofStream.progress().bytesInline())
                        .isEqualTo(ofSource.progress().bytesInline());
                assertThat(ofStream.progress().objectsStored()).isZero();
            }
            store.deleteAll("objects/");
            split(transfers, content, options.concurrency(3).build());
            Fixture.assertSame(Fixture.merge(transfers, repository, "s", content.remaining()), content);
        }
    }

    @Test
    void anInputStreamIsReadToItsEndAndNotClosed() throws Exception {
        ByteBuffer tar = Fixture.tar(Fixture.files(1, 30, 50_000));
        ByteArrayInputStream stream = new ByteArrayInputStream(tar.array()) {
            @Override
            public void close() {
                throw new AssertionError("the stream belongs to the caller");
            }
        };
        try (TransferManager transfers = TransferManager.create()) {
            SplitEngine.of(transfers)
                    .split(repository, "s", stream, SplitOptions.DEFAULT)
                    .join(LIMIT);
            Fixture.assertSame(Fixture.merge(transfers, repository, "s", tar.remaining()), tar);
        }
        assertThat(stream.available()).isZero();
    }

    @Test
    void theTotalIsUnknownUntilTheStreamHasEnded() throws Exception {
        ByteBuffer tar = Fixture.tar(Fixture.files(1, 100, 50_000));
        List<SplitProgress> events = new ArrayList<>();
        try (TransferManager transfers = TransferManager.create()) {
            SplitResult split = split(
                    transfers, tar, SplitOptions.builder().listener(events::add).build());
            assertThat(split.progress().totalBytes()).isEqualTo(tar.remaining());
            assertThat(split.progress().bytesParsed()).isEqualTo(tar.remaining());
        }
        assertThat(events)
                .hasSizeGreaterThan(3)
                .allMatch(progress -> progress.totalBytes() == TransferProgress.UNKNOWN);
    }

    @Test
    void aSplitterThatStopsBeforeTheEndIsRefused() throws Exception {
        SplitOptions options = SplitOptions.builder()
                .splitter((input, sink) -> sink.inline(10))
                .build();
        ByteBuffer content = ByteBuffer.allocate(11);
        try (TransferManager transfers = TransferManager.create()) {
            assertThatThrownBy(() -> split(transfers, content, options))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("10 bytes only");
            assertThatThrownBy(() -> SplitEngine.of(transfers)
                            .split(repository, "s", BlobSource.of(content), options)
                            .join(LIMIT))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("10 bytes only");
        }
        assertThat(repository.streams()).isEmpty();
    }

    @Test
    void wrongUseIsRefusedAtOnce() throws Exception {
        assertThatThrownBy(
                        () -> SplitOptions.builder().streamMemory(16 * MIB - 1).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("16777216");
        Pipe pipe = Pipe.open();
        try (TransferManager transfers = TransferManager.create();
                Pipe.SourceChannel source = pipe.source();
                Pipe.SinkChannel sink = pipe.sink()) {
            assertThat(sink.isOpen()).isTrue();
            source.configureBlocking(false);
            assertThatThrownBy(() -> SplitEngine.of(transfers).split(repository, "s", source, SplitOptions.DEFAULT))
                    .isInstanceOf(IllegalBlockingModeException.class);
        }
    }

    // ---- threads

    @Test
    void anyNumberOfThreadsGivesTheSameStream() throws Exception {
        List<byte[]> files = new ArrayList<>(Fixture.files(1, 200, 3000));
        files.addAll(Fixture.files(2, 2, 3 * MIB));
        ByteBuffer tar = Fixture.tar(files);
        Sha256 digest = Sha256.of(tar.duplicate());
        List<String> streams = new ArrayList<>();
        try (TransferManager transfers = TransferManager.create()) {
            for (int threads = 1; threads <= 16; threads++) {
                SplitOptions options = SplitOptions.builder()
                        .concurrency(threads)
                        .expected(digest)
                        .build();
                streams.add(split(transfers, tar, options).stream().hex());
            }
            Fixture.assertSame(Fixture.merge(transfers, repository, "s", tar.remaining()), tar);
        }
        assertThat(streams).hasSize(16).containsOnly(streams.get(0));
    }

    @Test
    void aLargeFileIsHashedWhileItArrives() throws Exception {
        CountDownLatch workers = new CountDownLatch(2);
        ByteBuffer tar = Fixture.tar(Fixture.files(1, 1, 9 * MIB));
        ScriptedChannel waiting = new ScriptedChannel(tar, new Random(1)) {
            @Override
            public int read(ByteBuffer target) throws IOException {
                try {
                    if (left() < MIB && !workers.await(60, TimeUnit.SECONDS)) {
                        throw new IOException("no worker was started for the 8 MiB that have arrived");
                    }
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                return super.read(target);
            }
        };
        Executor counting = task -> {
            workers.countDown();
            new Thread(task).start();
        };
        try (TransferManager transfers =
                TransferManager.builder().executor(counting).build()) {
            SplitEngine.of(transfers)
                    .split(
                            repository,
                            "s",
                            waiting,
                            SplitOptions.builder().concurrency(2).build())
                    .join(LIMIT);
            Fixture.assertSame(Fixture.merge(transfers, repository, "s", tar.remaining()), tar);
        }
    }

    private void splitsWith(Executor executor) throws Exception {
        List<byte[]> files = new ArrayList<>(Fixture.files(1, 300, 3000));
        files.addAll(Fixture.files(2, 3, 9 * MIB)); // more than there is memory
        ByteBuffer tar = Fixture.tar(files);
        SplitOptions options = SplitOptions.builder()
                .concurrency(8)
                .streamMemory(16 * MIB)
                .expected(Sha256.of(tar.duplicate()))
                .build();
        try (TransferManager transfers =
                TransferManager.builder().executor(executor).build()) {
            assertThat(split(transfers, tar, options).progress().objectsStored())
                    .isEqualTo(303);
            Fixture.assertSame(Fixture.merge(transfers, repository, "s", tar.remaining()), tar);
        }
    }

    @Test
    void theCallersThreadIsEnough() throws Exception {
        splitsWith(Runnable::run);
    }

    @Test
    void oneThreadIsEnough() throws Exception {
        ExecutorService one = Executors.newSingleThreadExecutor();
        try {
            splitsWith(one);
        } finally {
            one.shutdownNow();
        }
    }
}
