package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.RetainedSource;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.Splitter;
import io.blobstore.split.internal.verity.VerityDigest;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a worker throws is the outcome, whichever entry it works on; and a store's lie is never a success. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class WorkerFaultsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int FILES = 300;
    private static final int ENTRY = 512 + 1024;
    private static final RetryPolicy FAST = RetryPolicy.builder()
            .maxAttempts(3)
            .baseDelay(Duration.ofNanos(1))
            .maxDelay(Duration.ofNanos(1))
            .build();

    private static final List<Supplier<Throwable>> FAILURES = List.of(
            () -> new OutOfMemoryError("scripted"),
            () -> new IllegalStateException("scripted"),
            () -> new IOException("scripted"));

    private final InMemoryBlobStore store = new InMemoryBlobStore();
    private final ByteBuffer tar = Fixture.tar(Fixture.files(1, FILES, 1000));
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

    private SplitResult split(BlobStore target, BlobSource source, SplitOptions options) throws Exception {
        return SplitEngine.of(transfers)
                .split(repository(target), "s", source, options)
                .join(LIMIT);
    }

    private void assertNothingIsVisible() throws IOException {
        assertThat(repository(store).streams()).isEmpty();
        assertThat(repository(store).refs()).isEmpty();
    }

    private void empty() throws IOException {
        store.deleteAll("objects/");
        store.deleteAll("streams/");
    }

    private void assertUsable(ByteBuffer content, SplitOptions options) throws Exception {
        split(store, BlobSource.of(content), options);
        Fixture.assertSame(Fixture.merge(transfers, repository(store), "refs/r", content.remaining()), content);
        empty();
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneakyThrow(Throwable e) throws E {
        throw (E) e;
    }

    /** Content in which a visit of one byte throws, though not the visits of the splitter, which come first. */
    private record BrokenSource(BlobSource content, long offset, long broken, Supplier<Throwable> failure)
            implements BlobSource {
        @Override
        public long size() {
            return content.size();
        }

        @Override
        public BlobSource slice(long start, long length) {
            return new BrokenSource(content.slice(start, length), offset + start, broken, failure);
        }

        @Override
        public RetainedSource retain() {
            return RetainedSource.of(this, () -> {});
        }

        @Override
        public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
            if (offset <= broken && broken < offset + size()) {
                sneakyThrow(failure.get());
            }
            content.forEachBuffer(maxBufferSize, visitor);
        }

        @Override
        public void checkUnchanged() {}
    }

    /** Cuts into objects of one size without looking at the content, so that only workers do. */
    private static Splitter blind(int object) {
        return (input, sink) -> {
            for (long next = input.available(object); next > 0; next = input.available(object)) {
                sink.object(next, null);
            }
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 9 << 20})
    void aFailureWhileAnyEntryIsHashedIsTheOutcome(int object) throws Exception {
        int entries = object == 1000 ? FILES : 3;
        ByteBuffer content = ByteBuffer.allocateDirect(entries * object);
        for (int entry = 0; entry < entries; entry++) {
            content.putInt(entry * object, entry);
        }
        SplitOptions options = options().splitter(blind(object)).build();
        for (int entry : new int[] {0, entries / 2, entries - 1}) {
            for (Supplier<Throwable> failure : FAILURES) {
                for (int at : new int[] {0, object - 1}) {
                    long broken = (long) entry * object + at;
                    BlobSource source = new BrokenSource(BlobSource.of(content), 0, broken, failure);
                    assertThatThrownBy(() -> split(store, source, options))
                            .as("byte %s", broken)
                            .hasSameClassAs(failure.get())
                            .hasMessage("scripted");
                    assertNothingIsVisible();
                }
            }
            assertUsable(content, options);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, FILES / 2, FILES - 1})
    void aFailureWhileAnyEntryIsStoredIsTheOutcome(int entry) throws Exception {
        BlobKey key = keyOf(tar.slice(entry * ENTRY + 512, 1000));
        for (Supplier<Throwable> failure : FAILURES) {
            BlobStore failing = new ForwardingBlobStore(store) {
                @Override
                public StoredBlob store(BlobKey blob, BlobSource content, StoreOptions options) throws IOException {
                    if (blob.equals(key)) {
                        sneakyThrow(failure.get());
                    }
                    return super.store(blob, content, options);
                }
            };
            Throwable thrown = catchThrowable(
                    () -> split(failing, BlobSource.of(tar), options().build()));
            assertThat(thrown).hasSameClassAs(failure.get()).hasMessage("scripted");
            assertThat(thrown.getSuppressed()[0])
                    .hasMessageContaining("'" + entry + "' at offset " + (entry * ENTRY + 512));
            assertNothingIsVisible();
            assertUsable(tar, options().build());
        }
    }

    @Test
    void oneOfManyFailuresIsTheOutcomeAndTheOthersAreSuppressed() throws Exception {
        for (int round = 0; round < 20; round++) {
            List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
            BlobStore failing = new ForwardingBlobStore(store) {
                @Override
                public StoredBlob store(BlobKey blob, BlobSource content, StoreOptions options) throws IOException {
                    if (blob.toString().startsWith("objects/")) {
                        BlobStoreException e = new BlobStoreException(Operation.STORE, blob, "scripted", null, false);
                        failures.add(e);
                        throw e;
                    }
                    return super.store(blob, content, options);
                }
            };
            Throwable thrown = catchThrowable(
                    () -> split(failing, BlobSource.of(tar), options().build()));
            List<Throwable> told = new ArrayList<>(List.of(thrown.getSuppressed()));
            told.add(thrown);
            assertThat(failures).isNotEmpty().hasSizeLessThanOrEqualTo(4).contains(thrown);
            assertThat(told).containsAll(failures);
            assertNothingIsVisible();
        }
        assertUsable(tar, options().build());
    }

    // ---- stores that lie

    private static BlobKey keyOf(ByteBuffer content) throws IOException {
        ObjectId id = VerityDigest.of(ObjectHash.SHA_256, BlobSource.of(content));
        return BlobKey.of("objects/" + id.path());
    }

    /** Stores something else under a key at first, and loses the answer: the next attempt finds it. */
    private BlobStore lying(BlobKey key, BlobSource instead) {
        AtomicBoolean lied = new AtomicBoolean();
        return new ForwardingBlobStore(store) {
            @Override
            public StoredBlob store(BlobKey blob, BlobSource content, StoreOptions options) throws IOException {
                if (blob.equals(key) && !lied.getAndSet(true)) {
                    super.store(blob, instead, options);
                    throw new BlobStoreException(Operation.STORE, blob, "the answer was lost", null, true);
                }
                return super.store(blob, content, options);
            }
        };
    }

    @Test
    void anObjectThatIsThereAfterALostAnswerCountsOnlyWithItsSize() throws Exception {
        ByteBuffer file = tar.slice(7 * ENTRY + 512, 1000);
        BlobKey key = keyOf(file);
        split(lying(key, BlobSource.of(file)), BlobSource.of(tar), options().build());
        Fixture.assertSame(Fixture.merge(transfers, repository(store), "refs/r", tar.remaining()), tar);
        empty();

        for (BlobSource cut : List.of(BlobSource.of(file.slice(0, 999)), BlobSource.of(ByteBuffer.allocate(0)))) {
            assertThatThrownBy(() ->
                            split(lying(key, cut), BlobSource.of(tar), options().build()))
                    .isInstanceOf(DamagedObjectException.class)
                    .hasMessageContainingAll(cut.size() + " bytes", "1000");
            assertNothingIsVisible();
            empty();
            split(lying(key, cut), BlobSource.of(tar), options().heal(true).build());
            Fixture.assertSame(Fixture.merge(transfers, repository(store), "refs/r", tar.remaining()), tar);
            empty();
        }
    }

    @Test
    void anObjectOfOtherContentIsReplacedByHealingAndNeverMerged() throws Exception {
        ByteBuffer file = tar.slice(7 * ENTRY + 512, 1000);
        BlobSource other = BlobSource.of(ByteBuffer.allocate(1000));
        split(
                lying(keyOf(file), other),
                BlobSource.of(tar),
                options().heal(true).build());
        Fixture.assertSame(Fixture.merge(transfers, repository(store), "refs/r", tar.remaining()), tar);

        // Without healing, only sizes are compared: reading it says so.
        store.store(keyOf(file), other, StoreOptions.DEFAULT);
        split(store, BlobSource.of(tar), options().build());
        assertThatThrownBy(() -> Fixture.merge(transfers, repository(store), "refs/r", tar.remaining()))
                .isInstanceOf(DamagedObjectException.class);
    }
}
