package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.RetainedSource;
import io.blobstore.Sha256;
import io.blobstore.SourceChangedException;
import io.blobstore.StorageFullException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.SplitSink;
import io.blobstore.split.Splitter;
import io.blobstore.split.TarFormatException;
import io.blobstore.split.Vectors;
import io.blobstore.split.internal.verity.VerityDigest;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A split that fails or is cancelled makes nothing visible, holds nothing, and names the first failure. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class SplitFailureTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final RetryPolicy FAST = RetryPolicy.builder()
            .maxAttempts(8)
            .baseDelay(Duration.ofNanos(1))
            .maxDelay(Duration.ofNanos(1))
            .throttlingMaxDelay(Duration.ofNanos(1))
            .build();

    private final InMemoryBlobStore store = new InMemoryBlobStore();
    private final Repository repository = repository(store);
    private TransferManager transfers;

    @BeforeEach
    void create() {
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() {
        transfers.close();
    }

    private static Repository repository(BlobStore store) {
        return Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
    }

    private static SplitOptions.Builder options() {
        return SplitOptions.builder().concurrency(4).retry(FAST).ref("r");
    }

    private SplitResult split(Repository repository, BlobSource source, SplitOptions options) throws Exception {
        return SplitEngine.of(transfers).split(repository, "s", source, options).join(LIMIT);
    }

    private void assertNothingIsVisible() throws IOException {
        assertThat(repository.streams()).isEmpty();
        assertThat(repository.refs()).isEmpty();
        assertThat(store.list(ListOptions.prefix(".split/")).hasNext()).isFalse();
    }

    // ---- sources

    static List<String> badTars() {
        return Vectors.names("bad-tars", ".tar.zst").toList();
    }

    @ParameterizedTest
    @MethodSource("badTars")
    void aTarThatIsNoneIsRefusedAndKeptWhereThatIsWanted(String name) throws Exception {
        ByteBuffer tar = Vectors.decompress("bad-tars/" + name + ".tar.zst");
        assertThatThrownBy(() -> split(repository, BlobSource.of(tar), options().build()))
                .isInstanceOf(TarFormatException.class)
                .hasMessageContaining("at byte ");
        assertNothingIsVisible();
        split(
                repository,
                BlobSource.of(tar),
                options().splitter(Splitter.lenientTar(64)).build());
        Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", tar.remaining()), tar);
    }

    /** A source whose n-th visit throws. */
    private static final class ThrowingSource implements BlobSource {
        private final BlobSource content;
        private final AtomicInteger visits;
        private final Supplier<Throwable> failure;

        ThrowingSource(BlobSource content, AtomicInteger visits, Supplier<Throwable> failure) {
            this.content = content;
            this.visits = visits;
            this.failure = failure;
        }

        @Override
        public long size() {
            return content.size();
        }

        @Override
        public BlobSource slice(long offset, long length) {
            return new ThrowingSource(content.slice(offset, length), visits, failure);
        }

        @Override
        public RetainedSource retain() {
            return RetainedSource.of(this, () -> {});
        }

        @Override
        public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
            if (visits.decrementAndGet() == 0) {
                sneakyThrow(failure.get());
            }
            content.forEachBuffer(maxBufferSize, visitor);
        }

        @SuppressWarnings("unchecked")
        private static <E extends Throwable> void sneakyThrow(Throwable e) throws E {
            throw (E) e;
        }

        @Override
        public void checkUnchanged() {}
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10, 50, 120})
    void whateverASourceThrowsIsTheFailure(int visit) throws Exception {
        BlobSource tar = BlobSource.of(Fixture.tar(Fixture.files(1, 300, 1000)));
        for (Supplier<Throwable> failure : List.<Supplier<Throwable>>of(
                () -> new IOException("scripted"),
                () -> new IllegalStateException("scripted"),
                () -> new OutOfMemoryError("scripted"))) {
            BlobSource throwing = new ThrowingSource(tar, new AtomicInteger(visit), failure);
            assertThatThrownBy(() -> split(repository, throwing, options().build()))
                    .hasMessage("scripted")
                    .hasSameClassAs(failure.get());
            assertNothingIsVisible();
        }
        split(repository, tar, options().build());
    }

    @Test
    void theFailureNamesTheEntry() {
        BlobStore full = new ForwardingBlobStore(store) {
            @Override
            public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
                if (content.size() == 777) {
                    throw new StorageFullException(Operation.STORE, key, "scripted", null);
                }
                return super.store(key, content, options);
            }
        };
        List<byte[]> files = new ArrayList<>(Fixture.files(1, 50, 1000));
        files.set(31, new byte[777]);
        assertThatThrownBy(() -> split(
                        repository(full),
                        BlobSource.of(Fixture.tar(files)),
                        options().build()))
                .isInstanceOf(StorageFullException.class)
                .satisfies(e -> assertThat(e.getSuppressed()[0])
                        .hasMessageContainingAll(
                                "'31' at offset " + (31 * (512 + 1024) + 512), "777 bytes", "object sha256:"));
    }

    /** The file is not checked whenever inline bytes are read, but once for each MiB. */
    @Test
    void aFileOfInlineBytesThatChangesFailsTheSplitSoon(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("tar");
        int entries = 8192; // 4 MiB
        Files.write(path, Fixture.tar(Collections.nCopies(entries, new byte[0])).array());
        AtomicInteger cuts = new AtomicInteger();
        Splitter changing = (input, sink) -> Splitter.tar().split(input, new SplitSink() {
            @Override
            public void inline(long length) throws IOException {
                if (cuts.getAndIncrement() == 0) {
                    Files.write(path, new byte[1], StandardOpenOption.APPEND);
                }
                sink.inline(length);
            }

            @Override
            public void object(long length, @Nullable String entry) {
                throw new AssertionError("there are no objects");
            }
        });
        try (MappedFile file = MappedFile.open(path)) {
            assertThatThrownBy(() -> split(
                            repository(store),
                            file.region(),
                            options().splitter(changing).build()))
                    .isInstanceOf(SourceChangedException.class);
        }
        assertThat(cuts.get()).isBetween(1, entries / 2);
    }

    @Test
    void aFileThatChangesWhileItIsSplitFailsTheSplit(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("tar");
        Files.write(path, Fixture.tar(Fixture.files(1, 200, 1000)).array());
        BlobStore changing = new ForwardingBlobStore(store) {
            @Override
            public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
                Files.write(path, new byte[1], StandardOpenOption.APPEND);
                return super.store(key, content, options);
            }
        };
        try (MappedFile file = MappedFile.open(path)) {
            assertThatThrownBy(() ->
                            split(repository(changing), file.region(), options().build()))
                    .isInstanceOf(SourceChangedException.class);
        }
        assertThatThrownBy(() -> split(
                        repository(changing), BlobSource.ofPath(path), options().build()))
                .isInstanceOf(SourceChangedException.class);
        assertNothingIsVisible();
    }

    @Test
    void anotherDigestThanExpectedIsRefused() throws Exception {
        ByteBuffer tar = Fixture.tar(Fixture.files(1, 200, 1000));
        Sha256 actual = Sha256.of(tar.duplicate());
        assertThatThrownBy(() -> split(
                        repository,
                        BlobSource.of(tar),
                        options().expected(Sha256.ofBytes(new byte[32])).build()))
                .isInstanceOf(IntegrityException.class)
                .hasMessageContaining(actual.hex());
        assertNothingIsVisible();
        split(repository, BlobSource.of(tar), options().expected(actual).build());
        assertThat(repository.refs()).containsExactly("r");
    }

    // ---- stores

    @Test
    void lostAnswersAndThrottlingAreRepeated() throws Exception {
        int seeds = CampaignScale.of(200, 10);
        ByteBuffer tar = Fixture.tar(Fixture.files(1, 60, 700));
        int injected = 0;
        for (int seed = 0; seed < seeds; seed++) {
            InMemoryBlobStore memory = new InMemoryBlobStore();
            FaultyBlobStore faulty = FaultyBlobStore.over(memory)
                    .seed(seed)
                    .chance(Fault.ERROR, 0.05)
                    .chance(Fault.RESPONSE_LOST, 0.05)
                    .chance(Fault.THROTTLED, 0.05)
                    .retryAfter(Duration.ofNanos(1))
                    .build();
            split(repository(faulty), BlobSource.of(tar), options().build());
            injected += faulty.injected();
            Fixture.assertSame(Fixture.merge(transfers, repository(memory), "refs/r", tar.remaining()), tar);
        }
        assertThat(injected).isGreaterThan(seeds);
    }

    @Test
    void aFatalErrorOfAnyRequestFailsTheSplitAndTheNextOneSucceeds() throws Exception {
        ByteBuffer tar = Fixture.tar(Fixture.files(1, 20, 700));
        FaultyBlobStore counting = FaultyBlobStore.over(new InMemoryBlobStore()).build();
        split(repository(counting), BlobSource.of(tar), options().build());
        int step = CampaignScale.isFull() ? 1 : 5;
        for (int request = 1; request < counting.requests(); request += step) {
            InMemoryBlobStore memory = new InMemoryBlobStore();
            FaultyBlobStore faulty =
                    FaultyBlobStore.over(memory).at(request, Fault.FATAL_ERROR).build();
            Repository clean = repository(memory);
            assertThatThrownBy(() -> split(
                            repository(faulty), BlobSource.of(tar), options().build()))
                    .as("request %s", request)
                    .isInstanceOf(BlobStoreException.class);
            assertThat(clean.refs()).isEmpty();
            split(clean, BlobSource.of(tar), options().build());
            Fixture.assertSame(Fixture.merge(transfers, clean, "refs/r", tar.remaining()), tar);
        }
    }

    @Test
    void aFullStoreIsReportedAndTheEngineStaysUsable() throws Exception {
        ByteBuffer tar = Fixture.tar(Fixture.files(1, 100, 700));
        AtomicInteger writes = new AtomicInteger();
        BlobStore full = new ForwardingBlobStore(store) {
            @Override
            public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
                if (writes.incrementAndGet() % 10 == 0) {
                    throw new StorageFullException(Operation.STORE, key, "scripted", null);
                }
                return super.store(key, content, options);
            }
        };
        assertThatThrownBy(() ->
                        split(repository(full), BlobSource.of(tar), options().build()))
                .isInstanceOf(StorageFullException.class);
        assertNothingIsVisible();
        split(repository, BlobSource.of(tar), options().build());
    }

    @Test
    void aPresentObjectOfAnotherSizeIsNamedOrReplaced() throws Exception {
        byte[] file = Fixture.files(1, 1, 1000).get(0);
        ByteBuffer tar = Fixture.tar(List.of(file));
        ObjectId id = VerityDigest.of(ObjectHash.SHA_256, BlobSource.of(ByteBuffer.wrap(file)));
        BlobKey key = BlobKey.of("objects/" + id.path());
        store.store(key, ByteBuffer.wrap(file, 0, 999));
        assertThatThrownBy(() -> split(repository, BlobSource.of(tar), options().build()))
                .isInstanceOf(DamagedObjectException.class)
                .hasMessageContainingAll(id.hex(), "999 bytes", "1000");
        assertNothingIsVisible();
        split(repository, BlobSource.of(tar), options().heal(true).build());
        Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", tar.remaining()), tar);
    }

    @Test
    void aDamagedObjectIsReplacedByHealing() throws Exception {
        byte[] file = Fixture.files(1, 1, 1000).get(0);
        ByteBuffer tar = Fixture.tar(List.of(file));
        ObjectId id = VerityDigest.of(ObjectHash.SHA_256, BlobSource.of(ByteBuffer.wrap(file)));
        file[500]++;
        store.store(BlobKey.of("objects/" + id.path()), ByteBuffer.wrap(file));
        SplitResult healed =
                split(repository, BlobSource.of(tar), options().heal(true).build());
        assertThat(healed.progress().objectsStored()).isEqualTo(1);
        Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", tar.remaining()), tar);
        assertThat(split(repository, BlobSource.of(tar), options().heal(true).build())
                        .progress()
                        .objectsStored())
                .isZero();
    }

    // ---- cancellation

    @Test
    void aCancelledSplitEndsAndHoldsNothing(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("tar");
        Files.write(path, Fixture.tar(Fixture.files(1, 300, 3000)).array());
        SplittableRandom random = new SplittableRandom(1);
        int cancelled = 0;
        int rounds = CampaignScale.of(500, 30);
        for (int round = 0; round < rounds; round++) {
            InMemoryBlobStore memory = new InMemoryBlobStore();
            Repository target = repository(memory);
            try (MappedFile file = MappedFile.open(path)) {
                Transfer<SplitResult> split = SplitEngine.of(transfers)
                        .split(target, "s", file.region(), options().build());
                LockSupport.parkNanos(random.nextLong(5_000_000));
                split.cancel();
                try {
                    split.join(LIMIT);
                } catch (CancellationException e) {
                    cancelled++;
                    assertThat(target.refs()).isEmpty();
                }
                assertThat(file.leases()).isZero();
            }
            assertThat(memory.list(ListOptions.prefix(".split/")).hasNext()).isFalse();
        }
        assertThat(cancelled).isPositive();
    }

    @Test
    void aSplitThatIsStuckInTheStoreCanBeCancelled() throws Exception {
        FaultyBlobStore stalling =
                FaultyBlobStore.over(store).at(Operation.STORE, 5, Fault.STALL).build();
        Transfer<SplitResult> split = SplitEngine.of(transfers)
                .split(
                        repository(stalling),
                        "s",
                        BlobSource.of(Fixture.tar(Fixture.files(1, 100, 1000))),
                        options().build());
        stalling.awaitStall();
        assertThat(split.cancel()).isTrue();
        assertThatThrownBy(() -> split.join(LIMIT)).isInstanceOf(CancellationException.class);
        assertNothingIsVisible();
    }

    @Test
    void anInterruptOfAWorkerCancelsTheSplit() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(4);
        FaultyBlobStore stalling =
                FaultyBlobStore.over(store).at(Operation.STORE, 5, Fault.STALL).build();
        try (TransferManager own = TransferManager.builder().executor(executor).build()) {
            Transfer<SplitResult> split = SplitEngine.of(own)
                    .split(
                            repository(stalling),
                            "s",
                            BlobSource.of(Fixture.tar(Fixture.files(1, 100, 1000))),
                            options().build());
            stalling.awaitStall();
            executor.shutdownNow(); // interrupts its threads
            assertThatThrownBy(() -> split.join(LIMIT)).isInstanceOf(CancellationException.class);
        }
        assertThat(Objects.requireNonNull(repository.streams())).isEmpty();
    }
}
