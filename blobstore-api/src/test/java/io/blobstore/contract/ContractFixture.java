package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.StoreCapabilities.Support;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the tests of the contract share: the store, the hooks by which a backend says what it is like, and helpers. */
@ExtendWith(LeakCheck.class)
abstract class ContractFixture {
    /** What {@link BlobKey}s and listings are ordered by, said independently of them. */
    static final Comparator<String> UTF_8_ORDER =
            Comparator.comparing(name -> name.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);

    static final BlobKey KEY = BlobKey.of("some-blob");
    static final BlobKey OTHER = BlobKey.of("other-blob");

    /** For the test's own files; the store's directory is in it. */
    @TempDir
    Path temporary;

    BlobStore store;

    private boolean closedByTest;

    // ---- hooks

    /**
     * Opens an empty store for one test, which closes it.
     *
     * @param directory an empty directory for stores that need one
     */
    protected abstract BlobStore openStore(Path directory) throws IOException;

    /** Whether the store can hold a blob of this key; those it cannot are left out. Default: all. */
    protected boolean supportsKey(String name) {
        return true;
    }

    /** Whether there may be a blob "a" and a blob "a/b" at the same time. Default: yes. */
    protected boolean supportsKeysBelowKeys() {
        return true;
    }

    /** Whether the store keeps a CRC32C of each blob, so that a read of the whole verifies. Default: yes. */
    protected boolean keepsChecksums() {
        return true;
    }

    /** Whether a blob that the store has copied has such a checksum as well. Default: as all blobs. */
    protected boolean keepsChecksumsOfCopies() {
        return keepsChecksums();
    }

    /** Whether of requests at the same moment that have this condition only one succeeds. Default: yes. */
    protected boolean decidesRaces(Precondition condition) {
        return true;
    }

    /**
     * Whether a read gives content of the version that it was asked for, even if the blob is replaced at that very
     * moment. Default: yes. A server that looks at the version first, and opens the file then, may give another's
     * content for it; a parallel read of the whole finds that.
     */
    protected boolean readsTheVersionItLookedAt() {
        return true;
    }

    /** Whether the server keeps to the condition on the target of a copy. Default: yes. */
    protected boolean decidesCopies() {
        return true;
    }

    /** Whether the store can list with this delimiter. Default: with any. */
    protected boolean supportsDelimiter(String delimiter) {
        return true;
    }

    /** Whether storing the same content again gives a new version. Default: yes. */
    protected boolean tellsEqualContentApart() {
        return true;
    }

    /** The size of a large blob, in bytes. Default: 5 MiB and a bit. */
    protected int largeSize() {
        return (5 << 20) + 3;
    }

    /** A number of blobs that takes the store more than one page to list. Default: 250. */
    protected int moreThanOnePage() {
        return 250;
    }

    /**
     * Changes one bit of a blob's content behind the store's back.
     *
     * @return false if the test cannot get at it. Default
     */
    protected boolean damage(BlobKey key) throws IOException {
        return false;
    }

    /**
     * What the store still keeps besides blobs, in words: temporaries, uploads neither completed nor aborted. Asked
     * after each test, before the store is closed. Default: nothing.
     */
    protected List<String> leftovers() throws IOException {
        return List.of();
    }

    // ---- from test to test

    @BeforeEach
    void open() throws IOException {
        store = openStore(Files.createDirectory(temporary.resolve("store")));
    }

    @AfterEach
    void close() throws IOException {
        try (BlobStore closing = store) {
            if (!closedByTest) {
                assertThat(leftovers())
                        .as("what %s keeps besides blobs", closing)
                        .isEmpty();
            }
        }
    }

    /** Closes the store before the test is over. */
    void closeStore() throws IOException {
        closedByTest = true;
        store.close();
    }

    // ---- assumptions

    void assumeConditions() {
        assumeTrue(store.capabilities().conditionalStore() != Support.NONE, "the store knows no conditions");
    }

    void assumeRacesAreDecided(Precondition condition) {
        assumeConditions();
        assumeTrue(decidesRaces(condition), "the store does not decide races");
    }

    void assumeMultipart() {
        assumeTrue(store.capabilities().multipart(), "the store takes no parts");
    }

    // ---- content

    /** Random bytes, the same for the same arguments. */
    static byte[] bytes(int size, long seed) {
        byte[] bytes = new byte[size];
        SplittableRandom random = new SplittableRandom(seed);
        // Eight at a time: a fourth of the contract's time went into these.
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.remaining() >= Long.BYTES) {
            left.putLong(random.nextLong());
        }
        while (left.hasRemaining()) {
            left.put((byte) random.nextInt());
        }
        return bytes;
    }

    static BlobSource source(byte[] bytes) {
        return BlobSource.of(ByteBuffer.wrap(bytes));
    }

    static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    static Crc32c crc(byte[] bytes) {
        return Crc32c.of(ByteBuffer.wrap(bytes));
    }

    Path file(byte[] bytes) throws IOException {
        return Files.write(Files.createTempFile(temporary, "source", ".bin"), bytes);
    }

    static StoreOptions onlyIf(Precondition condition) {
        return StoreOptions.builder().precondition(condition).build();
    }

    StoredBlob put(String name, byte[] bytes) throws IOException {
        return store.store(BlobKey.of(name), source(bytes));
    }

    // ---- what the store holds

    byte[] contentOf(BlobKey key) throws IOException {
        ByteBuffer target =
                ByteBuffer.allocateDirect(Math.toIntExact(store.head(key).size()));
        store.read(key, ByteRange.all(), target);
        byte[] bytes = new byte[target.flip().remaining()];
        target.get(bytes);
        return bytes;
    }

    void assertHolds(BlobKey key, byte[] expected) throws IOException {
        assertHolds(key, expected, keepsChecksums());
    }

    /** As {@link #assertHolds}, of a blob that was copied. */
    void assertHoldsCopy(BlobKey key, byte[] expected) throws IOException {
        assertHolds(key, expected, keepsChecksumsOfCopies());
    }

    private void assertHolds(BlobKey key, byte[] expected, boolean checksumKept) throws IOException {
        BlobMetadata metadata = store.head(key);
        assertThat(metadata.key()).isEqualTo(key);
        assertThat(metadata.size()).isEqualTo(expected.length);
        assertChecksum(metadata.checksum(), expected, checksumKept);
        // Compared without a description of megabytes of content.
        assertThat(Arrays.mismatch(contentOf(key), expected))
                .as("where '%s' begins to differ from what it should hold", key)
                .isEqualTo(-1);
    }

    void assertChecksum(Optional<Crc32c> actual, byte[] expected) {
        assertChecksum(actual, expected, keepsChecksums());
    }

    private static void assertChecksum(Optional<Crc32c> actual, byte[] expected, boolean kept) {
        if (kept) {
            assertThat(actual).contains(crc(expected));
        } else {
            assertThat(actual.orElse(crc(expected))).isEqualTo(crc(expected));
        }
    }

    void assertMissing(BlobKey key) {
        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> store.head(key));
    }

    List<BlobListing.Entry> entries(ListOptions options) throws IOException {
        List<BlobListing.Entry> entries = new ArrayList<>();
        try (BlobListing listing = store.list(options)) {
            while (listing.hasNext()) {
                entries.add(listing.next());
            }
        }
        return entries;
    }

    List<String> names(ListOptions options) throws IOException {
        return entries(options).stream().map(BlobListing.Entry::name).toList();
    }

    /** What the parts accepted so far combine to. */
    static Crc32c checksum(MultipartUpload upload) {
        Crc32c checksum = Crc32c.EMPTY;
        for (UploadedPart part : upload.parts()) {
            checksum = checksum.combine(part.checksum(), part.size());
        }
        return checksum;
    }

    // ---- races

    /**
     * What one of several racers came to.
     *
     * @param result of the winners
     * @param problem of the losers
     */
    record Finish<T>(int racer, Optional<T> result, Optional<Throwable> problem) {}

    /** Lets threads begin at the same moment, and waits for all of them. */
    static <T> List<Finish<T>> race(int racers, IntFunction<Callable<T>> racer) throws InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(racers);
        try {
            CyclicBarrier start = new CyclicBarrier(racers);
            List<Future<T>> futures = new ArrayList<>();
            for (int i = 0; i < racers; i++) {
                Callable<T> task = racer.apply(i);
                futures.add(threads.submit(() -> {
                    start.await();
                    return task.call();
                }));
            }
            List<Finish<T>> finishes = new ArrayList<>();
            for (Future<T> future : futures) {
                try {
                    finishes.add(new Finish<>(finishes.size(), Optional.of(future.get()), Optional.empty()));
                } catch (ExecutionException e) {
                    finishes.add(new Finish<>(finishes.size(), Optional.empty(), Optional.of(e.getCause())));
                }
            }
            return finishes;
        } finally {
            threads.shutdownNow();
            assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        }
    }
}
