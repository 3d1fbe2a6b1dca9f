package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.TargetException;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ContentType;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.Splitter;
import io.blobstore.split.Vectors;
import io.blobstore.split.internal.format.SplitStreamWriter;
import io.blobstore.split.internal.format.WrittenStream;
import io.blobstore.split.internal.verity.VerityDigest;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The content of a stream is read at any position, without merging it. */
@ExtendWith(LeakCheck.class)
class SplitContentTest {
    private final FaultyBlobStore store =
            FaultyBlobStore.over(new InMemoryBlobStore()).build();
    private final Repository repository = Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
    private TransferManager transfers;

    @BeforeEach
    void create() {
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() {
        transfers.close();
    }

    private SplitContent open(ByteBuffer content, SplitOptions options) throws Exception {
        SplitEngine engine = SplitEngine.of(transfers);
        engine.split(repository, "s", BlobSource.of(content), options).join();
        return engine.open(repository, "s");
    }

    @Test
    void rangesAreThoseOfTheContent() throws Exception {
        for (String name : new String[] {"mixed", "duplicates", "merkle", "sizes", "no-bytes"}) {
            ByteBuffer tar = Vectors.decompress("tars/" + name + ".tar.zst");
            try (SplitContent content = open(tar, SplitOptions.DEFAULT)) {
                assertThat(content.size()).isEqualTo(tar.remaining());
                assertThat(content.read(ByteBuffer.allocate(1), tar.remaining()))
                        .isEqualTo(-1);
                SplittableRandom random = new SplittableRandom(1);
                for (int i = 0; i < 200 && tar.hasRemaining(); i++) {
                    int from = random.nextInt(tar.remaining());
                    int length = random.nextInt(1, 20_000);
                    ByteBuffer target =
                            ByteBuffer.allocate(length + 2).position(1).limit(length + 1);
                    int bytes = content.read(target, from);
                    assertThat(bytes).isEqualTo(Math.min(length, tar.remaining() - from));
                    assertThat(target.position()).isEqualTo(1 + bytes);
                    assertThat(target.slice(1, bytes)).isEqualTo(tar.slice(from, bytes));
                }
                ByteBuffer all = ByteBuffer.allocate(tar.remaining());
                while (content.read(all) > 0) {}
                assertThat(all.flip()).isEqualTo(tar);
            }
        }
    }

    @Test
    void aBlockOfADiskIsOneRequest() throws Exception {
        ByteBuffer image = ByteBuffer.wrap(Fixture.files(1, 1, 4 << 20).get(0));
        SplitOptions fixed =
                SplitOptions.builder().splitter(Splitter.fixed(64 << 10)).build();
        try (SplitContent content = open(image, fixed)) {
            int before = store.requests(Operation.READ);
            for (int i = 0; i < 16; i++) {
                ByteBuffer page = ByteBuffer.allocate(4096);
                content.read(page, (1 << 20) + 4096L * i);
                assertThat(page.flip()).isEqualTo(image.slice((1 << 20) + 4096 * i, 4096));
            }
            assertThat(store.requests(Operation.READ) - before).isEqualTo(1);
        }
    }

    @Test
    void aDamagedBlockIsNotGivenOut() throws Exception {
        ByteBuffer image = ByteBuffer.wrap(Fixture.files(1, 1, 128 << 10).get(0));
        SplitOptions fixed =
                SplitOptions.builder().splitter(Splitter.fixed(64 << 10)).build();
        try (SplitContent content = open(image, fixed)) {
            for (var id : Fixture.objects(repository.objects())) {
                repository.objects().put(id, BlobSource.of(ByteBuffer.allocate(64 << 10)), true);
            }
            ByteBuffer target = ByteBuffer.allocate(10);
            assertThatThrownBy(() -> content.read(target, 0)).isInstanceOf(DamagedObjectException.class);
            assertThat(target).isEqualTo(ByteBuffer.allocate(10));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2 * SplitContent.VERIFIED + 5000, VerifiedObject.MAX_MEMORY + 5000})
    void nothingOfALargeObjectIsGivenOutInOrderBeforeItIsVerified(int size) throws Exception {
        byte[] large = Fixture.files(1, 1, size).get(0);
        ByteBuffer tar = Fixture.tar(List.of(new byte[0], large, large, new byte[10]));
        int start = 2 * 512; // behind two headers
        try (SplitContent content = open(tar, SplitOptions.DEFAULT)) {
            readToTheEnd(content, tar, 40_960);
            readToTheEnd(content, tar, tar.remaining());
            ByteBuffer middle = ByteBuffer.allocate(10_000);
            assertThat(content.position(start + size / 2).read(middle)).isEqualTo(10_000);
            assertThat(middle.flip()).isEqualTo(tar.slice(start + size / 2, 10_000));
        }
        ObjectId id = VerityDigest.of(ObjectHash.SHA_256, BlobSource.of(ByteBuffer.wrap(large)));
        large[size - 1]++;
        repository.objects().put(id, BlobSource.of(ByteBuffer.wrap(large)), true);
        try (SplitContent content = SplitEngine.of(transfers).open(repository, "s")) {
            ByteBuffer piece = ByteBuffer.allocate(start);
            assertThat(content.read(piece)).isEqualTo(start);
            assertThatThrownBy(() -> content.read(piece.clear()))
                    .isInstanceOf(DamagedObjectException.class)
                    .hasMessageContaining(id.hex());
            assertThat(piece.position()).isZero();
            assertThat(content.position()).isEqualTo(start);
            // A block of it is not verified.
            assertThat(content.read(piece.clear(), start + size - 1000)).isPositive();
        }
    }

    @Test
    void aReadOfALargeObjectEndsWithTheChannelOrByAnInterrupt() throws Exception {
        ByteBuffer image = ByteBuffer.wrap(
                Fixture.files(1, 1, VerifiedObject.MAX_MEMORY + 1).get(0));
        SplitOptions whole = SplitOptions.builder()
                .splitter((input, sink) -> sink.object(VerifiedObject.MAX_MEMORY + 1L, null))
                .build();
        SplitEngine.of(transfers)
                .split(repository, "s", BlobSource.of(image), whole)
                .join();
        AtomicReference<Runnable> hook = new AtomicReference<>(() -> {});
        InterruptedReads hooked = new InterruptedReads(store, hook);
        Repository observed = Repository.of(BlobStoreObjects.of(hooked, ObjectHash.SHA_256));
        try (SplitContent content = SplitEngine.of(transfers).open(observed, "s")) {
            ByteBuffer target = ByteBuffer.allocate(10);
            hook.set(Thread.currentThread()::interrupt);
            assertThatThrownBy(() -> content.read(target))
                    .isInstanceOf(TargetException.class)
                    .hasMessageContaining("interrupted");
            assertThat(Thread.interrupted()).isTrue();
            Thread closing = new Thread(() -> {
                try {
                    content.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            hook.set(() -> {
                closing.start();
                while (content.isOpen()) {
                    Thread.onSpinWait();
                }
            });
            assertThatThrownBy(() -> content.read(target))
                    .isInstanceOf(TargetException.class)
                    .hasRootCauseInstanceOf(AsynchronousCloseException.class);
            closing.join();
            assertThat(target.position()).isZero();
        }
    }

    /** Does something before each read of an object. */
    private static final class InterruptedReads extends ForwardingBlobStore {
        private final AtomicReference<Runnable> hook;

        InterruptedReads(BlobStore store, AtomicReference<Runnable> hook) {
            super(store);
            this.hook = hook;
        }

        @Override
        public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                throws IOException {
            hook.get().run();
            return super.read(key, range, target, options);
        }
    }

    /** A small stream may claim millions of chunks: they need no memory in proportion. */
    @Test
    void aStreamOfVeryManyChunksNeedsLittleMemory(@TempDir Path directory) throws Exception {
        ChildJvm.Exit exit =
                ChildJvm.of(ManyChunks.class, directory).with("-Xmx64m").run(Duration.ofMinutes(2));
        assertThat(exit.output()).endsWith("read");
        assertThat(exit.code()).isZero();
    }

    /** Opens streams of one object, and of two that alternate. */
    static final class ManyChunks {
        private static final int CHUNKS = 3_000_000;

        public static void main(String[] args) throws Exception {
            Repository repository = Repository.of(BlobStoreObjects.of(new InMemoryBlobStore(), ObjectHash.SHA_256));
            ByteBuffer[] contents = {ByteBuffer.wrap(new byte[] {1}), ByteBuffer.wrap(new byte[] {2, 3})};
            ObjectId[] ids = new ObjectId[2];
            for (int i = 0; i < 2; i++) {
                ids[i] = VerityDigest.of(ObjectHash.SHA_256, BlobSource.of(contents[i]));
                repository.objects().put(ids[i], BlobSource.of(contents[i]), false);
            }
            try (TransferManager transfers = TransferManager.create()) {
                for (int different = 1; different <= 2; different++) {
                    store(repository, ids, different);
                    try (SplitContent content = SplitEngine.of(transfers).open(repository, "many")) {
                        check(content, different);
                    }
                }
            }
            System.out.println("read");
        }

        private static void store(Repository repository, ObjectId[] ids, int different) throws IOException {
            try (SplitStreamWriter writer =
                    SplitStreamWriter.create(ObjectHash.SHA_256, ContentType.NONE, Path.of("."))) {
                for (int i = 0; i < CHUNKS; i++) {
                    writer.object(ids[i % different], 1 + i % different);
                }
                WrittenStream written = writer.finish();
                repository.objects().put(written.id(), written.content(), true);
                repository.objects().setLink(RepositoryPaths.stream("many"), RepositoryPaths.object(written.id()));
            }
        }

        private static void check(SplitContent content, int different) throws IOException {
            byte[] pattern = different == 1 ? new byte[] {1} : new byte[] {1, 2, 3};
            assertThat(content.size()).isEqualTo((long) CHUNKS / different * pattern.length);
            for (long from : new long[] {0, 511, 1_000_001, 1_573_000, content.size() - 5}) {
                ByteBuffer bytes = ByteBuffer.allocate(5);
                content.read(bytes, from);
                for (int i = 0; i < 5; i++) {
                    assertThat(bytes.get(i)).isEqualTo(pattern[(int) ((from + i) % pattern.length)]);
                }
            }
        }
    }

    private static void readToTheEnd(SplitContent content, ByteBuffer expected, int piece) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(piece);
        content.position(0);
        for (int at = 0; content.read(bytes.clear()) > 0; at += bytes.limit()) {
            assertThat(bytes.flip()).isEqualTo(expected.slice(at, bytes.limit()));
        }
        assertThat(content.position()).isEqualTo(expected.remaining());
    }

    @Test
    void anInterruptDoesNotEndTheContentForOthers() throws Exception {
        ByteBuffer tar = Fixture.tar(Fixture.files(1, 10, 1000));
        try (SplitContent content = open(tar, SplitOptions.DEFAULT)) {
            ByteBuffer header = ByteBuffer.allocate(512);
            Thread.currentThread().interrupt();
            try {
                content.read(header, 0);
            } catch (IOException e) {
                assertThat(e).isNotNull(); // as it may
            } finally {
                assertThat(Thread.interrupted()).isTrue();
            }
            assertThat(content.read(header.clear(), 0)).isEqualTo(512);
            Fixture.assertSame(header.flip(), tar.slice(0, 512));
        }
    }

    @Test
    void aClosedContentIsNotRead() throws Exception {
        SplitContent content = open(Fixture.tar(Fixture.files(1, 3, 100)), SplitOptions.DEFAULT);
        content.close();
        content.close();
        assertThat(content.isOpen()).isFalse();
        assertThatThrownBy(() -> content.read(ByteBuffer.allocate(1), 0)).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void anUnknownStreamIsNamed() {
        assertThatThrownBy(() -> SplitEngine.of(transfers).open(repository, "none"))
                .isInstanceOf(UnknownStreamException.class);
    }
}
