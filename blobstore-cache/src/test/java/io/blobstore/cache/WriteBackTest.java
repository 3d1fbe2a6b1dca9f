package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.Sha256;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.cache.pieces.Blocking;
import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.cas.StorageMode;
import io.blobstore.contract.FileTree;
import io.blobstore.internal.concurrent.Interrupts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Blobs that are acknowledged before they are uploaded. */
class WriteBackTest extends CachedStoreFixture {
    private static final byte[] CONTENT = bytes(2 * MIB + 3, 1);
    private static final byte[] OTHER = bytes(MIB, 2);
    private static final BlobKey SECOND = BlobKey.of("second");

    private volatile Thread lister;

    @Override
    CacheOptions cacheOptions() {
        return CacheOptions.builder()
                .maxBytes(16 << 20)
                .storageMode(StorageMode.UNCOMPRESSED)
                .build();
    }

    @Override
    CachedStoreOptions options() {
        return with(WriteBackOptions.builder().closeTimeout(PATIENCE));
    }

    private CachedStoreOptions with(WriteBackOptions.Builder writeBack) {
        return super.options().toBuilder()
                .writeBack(writeBack.maxDelay(Duration.ofMillis(10)).build())
                .build();
    }

    private StoredBlob put(BlobKey key, byte[] content) throws IOException {
        return store.store(key, ByteBuffer.wrap(content));
    }

    private void awaitUploads() {
        Blocking.until(() -> store.stats().pendingBlobs() == 0);
    }

    private List<Path> pendingFiles() throws IOException {
        return FileTree.files(cache.stateDirectory().resolve("pending")).stream()
                .filter(file -> !file.endsWith(PendingFiles.STORE))
                .toList();
    }

    private void awaitPendingFiles(int number) throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (pendingFiles().size() != number) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /** Closes the store while the remote one is down, so that what waits stays. */
    private void stopWhileDown() throws IOException {
        store.close();
        cache.close();
    }

    private void restart(CachedStoreOptions options) throws IOException {
        cache = CacheFiles.open(directory.resolve("cache"), cacheOptions());
        store = CachedBlobStore.open(remote, cache, options);
    }

    // ---- acknowledged and uploaded

    @Test
    void aBlobIsAcknowledgedWhileTheStoreIsDownAndUploadedLater() throws IOException {
        remote.setDown(true);
        StoreOptions options = StoreOptions.builder()
                .contentType("image/png")
                .userMetadata("a", "1")
                .build();

        StoredBlob stored = store.store(KEY, BlobSource.of(ByteBuffer.wrap(CONTENT)), options);

        assertThat(stored.size()).isEqualTo(CONTENT.length);
        assertThat(remote.stored()).isEmpty();
        assertThat(store.stats().pendingBlobs()).isEqualTo(1);
        assertThat(store.stats().pendingBytes()).isEqualTo(CONTENT.length);
        assertThat(pendingFiles()).hasSize(1);
        Blocking.until(() -> store.stats().uploadRetries() > 2);
        remote.setDown(false);
        awaitUploads();
        assertThat(remote.stored()).containsExactly(KEY);
        read(memory, KEY, ByteRange.all(), CONTENT);
        assertThat(memory.head(KEY).contentType()).contains("image/png");
        assertThat(memory.head(KEY).userMetadata()).containsEntry("a", "1");
        assertThat(pendingFiles()).isEmpty();
        assertThat(store.stats().uploaded()).isEqualTo(1);
    }

    @Test
    void readsAndMetadataAreThoseOfTheAcknowledgedBlob() throws IOException {
        memory.store(KEY, ByteBuffer.wrap(OTHER));
        remote.setDown(true);
        BlobVersion version = put(KEY, CONTENT).version();

        BlobMetadata head = store.head(KEY);

        assertThat(head.version()).isEqualTo(version);
        assertThat(head.size()).isEqualTo(CONTENT.length);
        assertThat(read(ByteRange.all(), CONTENT).blob()).isEqualTo(head);
        read(ByteRange.of(MIB, 99), CONTENT);
        read(store, KEY, ByteRange.all(), CONTENT, ReadOptions.ifMatch(version));
        assertThatExceptionOfType(PreconditionFailedException.class)
                .isThrownBy(() ->
                        read(store, KEY, ByteRange.all(), CONTENT, ReadOptions.ifMatch(new BlobVersion("another"))));
        remote.setDown(false);
    }

    @Test
    void theVersionThatWasAcknowledgedStaysValid() throws IOException {
        BlobVersion version = put(KEY, CONTENT).version();
        awaitUploads();

        for (int i = 0; i < 2; i++) {
            assertThat(read(store, KEY, ByteRange.all(), CONTENT, ReadOptions.ifMatch(version))
                            .blob()
                            .size())
                    .isEqualTo(CONTENT.length);
            reopen(options()); // then it is known from the disk only
        }
        store.copy(KEY, SECOND, CopyOptions.builder().sourceVersion(version).build());
        store.store(
                KEY,
                BlobSource.of(ByteBuffer.wrap(OTHER)),
                StoreOptions.builder()
                        .precondition(Precondition.ifMatch(version))
                        .build());
        read(ByteRange.all(), OTHER);
        assertThatExceptionOfType(PreconditionFailedException.class)
                .isThrownBy(() -> read(store, KEY, ByteRange.all(), CONTENT, ReadOptions.ifMatch(version)));
    }

    @Test
    void contentThatWasUploadedIsReadFromTheCache() throws IOException {
        put(KEY, CONTENT);
        awaitUploads();

        read(ByteRange.all(), CONTENT);

        assertThat(remote.reads()).isEmpty();
    }

    @Test
    void aLargeBlobIsUploadedInParts() throws IOException {
        reopen(with(WriteBackOptions.builder().maxBytes(64 << 20)));
        byte[] large = bytes(12 << 20, 5);

        put(KEY, large);
        awaitUploads();

        read(memory, KEY, ByteRange.all(), large);
    }

    // ---- order

    @Test
    void aLaterBlobOfAKeyReplacesTheOneThatWaits() throws IOException {
        remote.setDown(true);
        put(KEY, CONTENT);
        BlobVersion second = put(KEY, OTHER).version();

        assertThat(store.head(KEY).version()).isEqualTo(second);
        awaitPendingFiles(1); // the first one's may be left to the attempt that is under way
        remote.setDown(false);
        awaitUploads();
        assertThat(remote.stored()).containsExactly(KEY);
        read(memory, KEY, ByteRange.all(), OTHER);
    }

    @Test
    void aLaterBlobOfAKeyIsUploadedAfterTheOneThatIsBeingUploaded() throws IOException {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch began = new CountDownLatch(1);
        remote.beforeStore(key -> {
            began.countDown();
            Blocking.await(go);
        });
        put(KEY, CONTENT);
        Blocking.await(began);

        put(KEY, OTHER);
        go.countDown();
        awaitUploads();

        assertThat(remote.stored()).containsExactly(KEY, KEY);
        read(memory, KEY, ByteRange.all(), OTHER);
    }

    @Test
    void anUploadWhoseResponseWasLostIsNotRepeated() throws IOException {
        AtomicInteger answers = new AtomicInteger();
        remote.afterStore(key -> {
            if (answers.incrementAndGet() == 1) {
                throw ScriptedRemote.broken(key);
            }
        });

        put(KEY, CONTENT);
        awaitUploads();

        assertThat(remote.stored()).containsExactly(KEY);
        assertThat(store.stats().uploadRetries()).isEqualTo(1);
    }

    // ---- bounds

    @Test
    void whatExceedsTheBoundsIsUploadedBeforeItIsAcknowledged() throws Exception {
        reopen(with(WriteBackOptions.builder().maxBlobs(2).maxBytes(3 << 20)));
        CountDownLatch go = new CountDownLatch(1);
        remote.beforeStore(key -> {
            if (!key.toString().startsWith("through")) {
                Blocking.await(go);
            }
        });
        put(KEY, CONTENT);

        put(BlobKey.of("through-bytes"), CONTENT);
        assertThat(remote.stored()).containsExactly(BlobKey.of("through-bytes"));
        put(SECOND, bytes(10, 3));
        put(BlobKey.of("through-count"), bytes(10, 4));
        assertThat(remote.stored()).contains(BlobKey.of("through-count"));
        assertThat(store.stats().pendingBlobs()).isEqualTo(2);
        assertThat(pendingFiles()).hasSize(2);

        go.countDown();
        awaitUploads();
        assertThat(remote.stored()).hasSize(4);
    }

    @Test
    void whatTheCacheHasNoRoomForIsUploadedBeforeItIsAcknowledged() throws IOException {
        reopen(with(WriteBackOptions.builder().maxBytes(64 << 20)));
        remote.setDown(true);
        for (int i = 0; i < 3; i++) {
            put(BlobKey.of("waiting-" + i), bytes(5 << 20, i));
        }
        assertThatExceptionOfType(BlobStoreException.class).isThrownBy(() -> put(KEY, bytes(5 << 20, 9)));

        for (int i = 0; i < 3; i++) {
            read(store, BlobKey.of("waiting-" + i), ByteRange.all(), bytes(5 << 20, i));
        }
        assertThat(store.stats().pendingBlobs()).isEqualTo(3);
        CountDownLatch go = new CountDownLatch(1);
        remote.beforeStore(key -> {
            if (!key.equals(KEY)) { // the others wait on: they leave no room meanwhile
                Blocking.await(go);
            }
        });
        remote.setDown(false);
        put(KEY, bytes(5 << 20, 9));
        read(memory, KEY, ByteRange.all(), bytes(5 << 20, 9));
        go.countDown();
    }

    @Test
    void contentThatWaitsIsNotEvicted() throws IOException {
        remote.setDown(true);
        put(KEY, CONTENT);
        remote.setDown(false);
        CountDownLatch go = new CountDownLatch(1);
        remote.beforeStore(key -> Blocking.await(go));
        for (int i = 0; i < 12; i++) {
            byte[] content = bytes(2 * MIB, 50 + i);
            memory.store(SECOND, ByteBuffer.wrap(content));
            read(store, SECOND, ByteRange.all(), content);
        }

        read(ByteRange.all(), CONTENT);
        go.countDown();
        awaitUploads();
        read(memory, KEY, ByteRange.all(), CONTENT);
    }

    // ---- other operations

    @Test
    void aBlobThatWaitsIsDeletedForGood() throws IOException {
        memory.store(KEY, ByteBuffer.wrap(OTHER));
        remote.setDown(true);
        put(KEY, CONTENT);
        assertThatExceptionOfType(BlobStoreException.class).isThrownBy(() -> store.delete(KEY));
        read(ByteRange.all(), CONTENT);
        remote.beforeStore(key -> Blocking.await(new CountDownLatch(1)));
        remote.beforeStore(key -> {
            throw ScriptedRemote.broken(key); // it is never uploaded
        });
        remote.setDown(false);

        store.delete(KEY);

        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> store.head(KEY));
        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> memory.head(KEY));
        assertThat(pendingFiles()).isEmpty();
        assertThat(store.stats().pendingBlobs()).isZero();
    }

    @Test
    void aListingWaitsForTheUploadsOfItsPrefix() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        remote.beforeStore(key -> Blocking.await(go));
        put(BlobKey.of("a/1"), OTHER);
        put(BlobKey.of("b/1"), OTHER);

        store.list(ListOptions.prefix("c/")).close();
        Future<Boolean> listed = threads.submit(() -> {
            try (var listing = store.list(ListOptions.prefix("a/"))) {
                return listing.hasNext();
            }
        });
        go.countDown();

        assertThat(listed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whatOnlyTheStoreCanDecideFailsWhileItIsDown() throws IOException {
        remote.setDown(true);
        put(KEY, CONTENT);

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> store.list(ListOptions.DEFAULT))
                .withMessageContaining("waits to be uploaded");
        assertThatExceptionOfType(BlobStoreException.class).isThrownBy(() -> store.copy(KEY, SECOND));
        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> store.store(
                        KEY,
                        BlobSource.of(ByteBuffer.wrap(OTHER)),
                        StoreOptions.builder()
                                .precondition(Precondition.ifAbsent())
                                .build()));
        remote.setDown(false);
    }

    @Test
    void aConditionIsDecidedAfterTheUpload() throws IOException {
        put(KEY, CONTENT);

        assertThatExceptionOfType(BlobAlreadyExistsException.class)
                .isThrownBy(() -> store.store(
                        KEY,
                        BlobSource.of(ByteBuffer.wrap(OTHER)),
                        StoreOptions.builder()
                                .precondition(Precondition.ifAbsent())
                                .build()));
        read(ByteRange.all(), CONTENT);
    }

    @Test
    void aStoreThatWaitsForAnUploadIsInterruptible() throws Exception {
        remote.setDown(true);
        reopenWithLongDelays();
        put(KEY, CONTENT);
        Blocking.until(() -> store.stats().uploadRetries() > 0);
        remote.setDown(false);
        remote.beforeStore(key -> Blocking.await(new CountDownLatch(1)));
        CountDownLatch done = new CountDownLatch(1);
        Throwable[] problem = new Throwable[1];
        Thread lister = new Thread(() -> {
            try {
                store.list(ListOptions.DEFAULT).close();
            } catch (IOException e) {
                problem[0] = Thread.currentThread().isInterrupted() ? e : null;
            }
            done.countDown();
        });
        lister.start();
        Blocking.untilParked(lister);

        lister.interrupt();

        assertThat(done.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        lister.join();
        assertThat(problem[0]).isNotNull();
        assertThat(Interrupts.caused(problem[0])).isTrue();
    }

    @Test
    void aListingWaitsForTheBlobThatReplacesOneWhichWaited() throws Exception {
        reopen(with(WriteBackOptions.builder().threads(1).closeTimeout(PATIENCE)));
        CountDownLatch go = new CountDownLatch(1);
        remote.beforeStore(key -> Blocking.await(go));
        put(SECOND, OTHER); // occupies the only thread
        put(KEY, CONTENT);
        Future<List<String>> listed = threads.submit(() -> {
            lister = Thread.currentThread();
            try (BlobListing listing = store.list(ListOptions.DEFAULT)) {
                List<String> keys = new ArrayList<>();
                while (listing.hasNext()) {
                    keys.add(listing.next().name());
                }
                return keys;
            }
        });
        Blocking.until(() -> lister != null);
        Blocking.untilParked(lister);

        put(KEY, OTHER);
        go.countDown();

        assertThat(listed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .containsExactlyInAnyOrder(KEY.toString(), SECOND.toString());
    }

    @Test
    void aKeyIsNotChangedByOthersBeforeTheRecordOfItsUploadIsDeleted() throws Exception {
        WriteBackQueue queue = new WriteBackQueue(10, Long.MAX_VALUE);
        queue.add(waiting(1, CONTENT));
        PendingBlob taken = queue.take().orElseThrow();
        assertThat(queue.attempted(taken, null, Duration.ZERO)).isTrue();

        assertBusy(queue);

        queue.unlockKey(KEY);
        queue.lockKey(Operation.DELETE, KEY);
    }

    @Test
    void aRecordThatIsReplacedIsDeletedBeforeAnythingElseIsDoneAtItsKey() throws Exception {
        WriteBackQueue queue = new WriteBackQueue(10, Long.MAX_VALUE);
        PendingBlob first = waiting(1, CONTENT);
        PendingBlob second = waiting(2, OTHER);
        assertThat(queue.add(first)).isFalse();

        assertThat(queue.add(second)).as("took the turn").isTrue();
        assertBusy(queue);
        assertThat(queue.takeReplaced(second)).containsExactly(first);
        queue.unlockKey(KEY);

        queue.lockKey(Operation.DELETE, KEY); // a turn of somebody else: what is replaced meanwhile is left to the next
        PendingBlob third = waiting(3, CONTENT);
        PendingBlob fourth = waiting(4, OTHER);
        assertThat(queue.add(third)).isFalse();
        assertThat(queue.add(fourth)).isFalse();
        queue.unlockKey(KEY);
        PendingBlob taken = queue.take().orElseThrow();
        assertThat(taken).isSameAs(fourth);
        assertThat(queue.takeReplaced(taken)).containsExactly(second, third);
        assertThat(queue.takeReplaced(taken)).isEmpty();
    }

    private static PendingBlob waiting(long sequence, byte[] content) {
        BlobMetadata metadata = BlobMetadata.builder(KEY, content.length, new BlobVersion("v"), Instant.EPOCH)
                .build();
        Digest digest = new Digest(Sha256.of(ByteBuffer.wrap(content)), content.length);
        return new PendingBlob(new PendingRecord(sequence, metadata, digest), false);
    }

    private static void assertBusy(WriteBackQueue queue) {
        Thread.currentThread().interrupt(); // ends the wait for the turn, if there is one
        assertThatExceptionOfType(BlobStoreException.class).isThrownBy(() -> queue.lockKey(Operation.DELETE, KEY));
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void contentOfWhichACrashLeftTwoFilesIsNotLost() throws IOException {
        remote.setDown(true);
        reopen(with(WriteBackOptions.builder().closeTimeout(Duration.ZERO)));
        put(KEY, CONTENT);
        stopWhileDown();
        Path file = CacheFiles.contents(directory.resolve("cache")).get(0);
        String name = file.getFileName().toString();
        int end = name.lastIndexOf(".v1");
        Files.copy(file, file.resolveSibling(name.substring(0, end - 9) + "123456789.v1"));

        cache = ContentCache.open(directory.resolve("cache"), cacheOptions()); // and is listing
        store = CachedBlobStore.open(remote, cache, options());

        assertThat(store.stats().pendingBlobs()).isEqualTo(1);
        remote.setDown(false);
        awaitUploads();
        read(memory, KEY, ByteRange.all(), CONTENT);
    }

    @Test
    void onlyTheProcessThatOwnsTheCacheTakesUpWhatWaits() throws IOException {
        remote.setDown(true);
        put(KEY, CONTENT);
        CacheOptions readOnly = CacheOptions.builder()
                .maxBytes(16 << 20)
                .accessMode(AccessMode.READ_ONLY)
                .build();
        try (ContentCache follower = ContentCache.open(directory.resolve("cache"), readOnly)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CachedBlobStore.open(
                            memory,
                            follower,
                            options().toBuilder().storeId("other").build()))
                    .withMessageContaining("EXCLUSIVE");
        }
        assertThat(pendingFiles()).hasSize(1);
        remote.setDown(false);
    }

    private void reopenWithLongDelays() throws IOException {
        store.close();
        store = CachedBlobStore.open(
                remote,
                cache,
                super.options().toBuilder()
                        .writeBack(WriteBackOptions.builder()
                                .maxDelay(Duration.ofHours(1))
                                .closeTimeout(Duration.ZERO)
                                .build())
                        .build());
    }

    // ---- restarts

    @Test
    void whatWasNotUploadedIsUploadedAfterARestart() throws IOException {
        store.close();
        store = CachedBlobStore.open(
                remote, cache, with(WriteBackOptions.builder().closeTimeout(Duration.ZERO)));
        remote.setDown(true);
        BlobVersion version = put(KEY, CONTENT).version();
        put(SECOND, OTHER);
        stopWhileDown();

        restart(options());
        assertThat(store.head(KEY).version()).isEqualTo(version);
        read(ByteRange.all(), CONTENT);
        remote.setDown(false);
        awaitUploads();

        assertThat(remote.stored()).containsExactlyInAnyOrder(KEY, SECOND);
        read(memory, KEY, ByteRange.all(), CONTENT);
        read(memory, SECOND, ByteRange.all(), OTHER);
    }

    @Test
    void whatWasUploadedBeforeARestartIsNotUploadedAgain() throws IOException {
        store.close();
        store = CachedBlobStore.open(
                remote, cache, with(WriteBackOptions.builder().closeTimeout(Duration.ZERO)));
        remote.setDown(true);
        put(KEY, CONTENT);
        stopWhileDown();
        remote.setDown(false);
        memory.store(KEY, ByteBuffer.wrap(CONTENT)); // as if the process had been killed before it knew

        restart(options());
        awaitUploads();

        assertThat(remote.stored()).isEmpty();
        read(ByteRange.all(), CONTENT);
    }

    @Test
    void closingWaitsForTheUploads() throws IOException {
        remote.beforeStore(key -> Thread.yield());
        for (int i = 0; i < 20; i++) {
            put(BlobKey.of("blob-" + i), bytes(1000, i));
        }

        store.close();

        assertThat(remote.stored()).hasSize(20);
    }

    @Test
    void contentThatWasLostIsReportedAndDoesNotKeepTheStoreFromOpening() throws IOException {
        store.close();
        store = CachedBlobStore.open(
                remote, cache, with(WriteBackOptions.builder().closeTimeout(Duration.ZERO)));
        remote.setDown(true);
        put(KEY, CONTENT);
        stopWhileDown();
        for (Path file : CacheFiles.contents(directory.resolve("cache"))) {
            Files.delete(file);
        }
        remote.setDown(false);

        restart(options());

        assertLost();
        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> store.head(KEY));
        put(KEY, OTHER);
        awaitUploads();
        read(memory, KEY, ByteRange.all(), OTHER);
    }

    /** Waits until the blob is lost, and closes the store, which reports it. */
    private void assertLost() throws IOException {
        Blocking.until(() -> store.stats().lostBlobs() == 1);
        awaitUploads();
        assertThat(pendingFiles()).hasSize(1).allMatch(file -> file.toString().endsWith(".pending.lost"));
        assertThat(cache.stats().pinnedBytes()).isZero();
        assertThatExceptionOfType(LostBlobsException.class)
                .isThrownBy(() -> store.close())
                .satisfies(e -> assertThat(e.keys()).containsExactly(KEY))
                .withMessageContaining(KEY.toString());
        store.close(); // once only
        store = CachedBlobStore.open(remote, cache, options());
        assertThat(store.stats().pendingBlobs()).isZero();
    }

    @Test
    void twoStoresDoNotWriteBackTheSameBlobs() {
        assertThatIllegalStateException()
                .isThrownBy(() -> CachedBlobStore.open(remote, cache, options()))
                .withMessageContaining("another cached store");
    }

    @Test
    void aClosedStoreRefusesWritesEvenIfTheyNeedNoRequest() throws IOException {
        store.close();

        assertThatIllegalStateException().isThrownBy(() -> put(KEY, CONTENT));
    }
}
