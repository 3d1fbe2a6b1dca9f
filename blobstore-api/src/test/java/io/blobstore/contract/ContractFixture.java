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

/**
 * The base class of the contract tests: the store, the hooks by which a backend declares its properties, and helpers.
 */
@ExtendWith(LeakCheck.class)
abstract class ContractFixture {
    /** The order of {@link BlobKey}s and listings, implemented independently of them. */
    static final Comparator<String> UTF_8_ORDER =
            Comparator.comparing(name -> name.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);

    static final BlobKey KEY = BlobKey.of("some-blob");
    static final BlobKey OTHER = BlobKey.of("other-blob");
    static final byte[] HUNDRED = bytes(100, 1);

    /** The directory for the test's own files, which contains the store's directory. */
    @TempDir
    Path temporary;

    BlobStore store;

    private boolean closedByTest;

    // ---- hooks

    /**
     * Opens an empty store for one test, which the test closes.
     *
     * @param directory an empty directory for stores that need one
     */
    protected abstract BlobStore openStore(Path directory) throws IOException;

    /** Returns whether the store can hold a blob with this key; other keys are skipped. Default: true. */
    protected boolean supportsKey(String name) {
        return true;
    }

    /** Returns whether the blobs "a" and "a/b" may exist at the same time. Default: true. */
    protected boolean supportsKeysBelowKeys() {
        return true;
    }

    /**
     * Returns whether the store keeps a CRC32C of each blob, so that a read of the whole blob verifies it. Default:
     * true.
     */
    protected boolean keepsChecksums() {
        return true;
    }

    /** Returns whether a blob that the store has copied has such a checksum as well. Default: as other blobs. */
    protected boolean keepsChecksumsOfCopies() {
        return keepsChecksums();
    }

    /** Returns whether a blob whose upload was resumed has such a checksum as well. Default: as other blobs. */
    protected boolean keepsChecksumsOfResumedUploads() {
        return keepsChecksums();
    }

    /** Returns whether only one of several concurrent requests with this condition succeeds. Default: true. */
    protected boolean enforcesConditionsInRaces(Precondition condition) {
        return true;
    }

    /**
     * Returns whether a read of a version returns the content of that version even if the blob is replaced at that
     * moment. Default: true. A server that checks the version before it opens the file may return the content of
     * another one; a parallel read of the whole blob detects that.
     */
    protected boolean readsVersionsAtomically() {
        return true;
    }

    /**
     * Returns whether a version may still be read for a while after the blob was replaced or deleted. Default: false; a
     * read of that version is refused. In either case, it never returns other bytes than that version's.
     */
    protected boolean readsReplacedVersions() {
        return false;
    }

    /** Returns whether the server keeps this content header, as in "Cache-Control", with blobs. Default: true. */
    protected boolean keepsContentHeader(String name) {
        return true;
    }

    /** Returns whether the store can list with this delimiter. Default: true. */
    protected boolean supportsDelimiter(String delimiter) {
        return true;
    }

    /** Returns whether storing the same content again creates a new version. Default: true. */
    protected boolean distinguishesEqualContent() {
        return true;
    }

    /** Returns whether the server lists incomplete uploads by any prefix of their keys. Default: true. */
    protected boolean listsUploads() {
        return true;
    }

    /** Returns the size of a large blob in bytes. Default: slightly more than 5 MiB. */
    protected int largeSize() {
        return (5 << 20) + 3;
    }

    /** Returns a number of blobs whose listing takes more than one page. Default: 250. */
    protected int moreThanOnePage() {
        return 250;
    }

    /**
     * Changes one bit of a blob's content behind the store's back.
     *
     * @return false if the test cannot access the content, which is the default
     */
    protected boolean damage(BlobKey key) throws IOException {
        return false;
    }

    /**
     * Returns descriptions of the data that the store keeps besides blobs: temporary files, and uploads neither
     * completed nor aborted. Called after each test, before the store is closed. Default: an empty list.
     */
    protected List<String> leftovers() throws IOException {
        return List.of();
    }

    // ---- before and after each test

    @BeforeEach
    void open() throws IOException {
        store = openStore(Files.createDirectory(temporary.resolve("store")));
    }

    @AfterEach
    void close() throws IOException {
        try (BlobStore closing = store) {
            if (!closedByTest) {
                assertThat(leftovers()).as("data besides blobs in %s", closing).isEmpty();
            }
        }
    }

    /** Closes the store before the end of the test. */
    void closeStore() throws IOException {
        closedByTest = true;
        store.close();
    }

    // ---- assumptions

    void assumeConditions() {
        assumeTrue(store.capabilities().conditionalStore() != Support.NONE, "the store has no preconditions");
    }

    void assumeConditionsInRaces(Precondition condition) {
        assumeConditions();
        assumeTrue(enforcesConditionsInRaces(condition), "the store does not enforce conditions in races");
    }

    void assumeMultipart() {
        assumeTrue(store.capabilities().multipart(), "the store has no multipart uploads");
    }

    // ---- content

    /** Returns the bytes of a range of some content. */
    static byte[] bytesOf(ByteRange range, byte[] content) {
        int from = range.kind() == ByteRange.Kind.SUFFIX
                ? (int) Math.max(0, content.length - range.length())
                : (int) range.offset();
        return Arrays.copyOfRange(content, from, from + (int) Math.min(range.length(), content.length - from));
    }

    /** Returns random bytes, the same for the same arguments. */
    static byte[] bytes(int size, long seed) {
        byte[] bytes = new byte[size];
        SplittableRandom random = new SplittableRandom(seed);
        // Eight at a time: one at a time took a fourth of the contract's time.
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

    // ---- the content of the store

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

    /** Asserts the content of a blob that was copied, as {@link #assertHolds} does. */
    void assertHoldsCopy(BlobKey key, byte[] expected) throws IOException {
        assertHolds(key, expected, keepsChecksumsOfCopies());
    }

    /** Asserts the content of a blob whose upload was resumed, as {@link #assertHolds} does. */
    void assertHoldsResumed(BlobKey key, byte[] expected) throws IOException {
        assertHolds(key, expected, keepsChecksumsOfResumedUploads());
    }

    private void assertHolds(BlobKey key, byte[] expected, boolean checksumKept) throws IOException {
        BlobMetadata metadata = store.head(key);
        assertThat(metadata.key()).isEqualTo(key);
        assertThat(metadata.size()).isEqualTo(expected.length);
        assertChecksum(metadata.checksum(), expected, checksumKept);
        // Compared without a description of megabytes of content.
        assertThat(Arrays.mismatch(contentOf(key), expected))
                .as("first difference of '%s' from the expected content", key)
                .isEqualTo(-1);
    }

    void assertChecksum(Optional<Crc32c> actual, byte[] expected) {
        assertChecksum(actual, expected, keepsChecksums());
    }

    void assertChecksumOfCopy(Optional<Crc32c> actual, byte[] expected) {
        assertChecksum(actual, expected, keepsChecksumsOfCopies());
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

    /** Returns the checksum to which the parts accepted so far combine. */
    static Crc32c checksum(MultipartUpload upload) {
        Crc32c checksum = Crc32c.EMPTY;
        for (UploadedPart part : upload.parts()) {
            checksum = checksum.combine(part.checksum(), part.size());
        }
        return checksum;
    }

    // ---- races

    /**
     * The outcome of one of several racing tasks.
     *
     * @param result the result of a winner
     * @param problem the failure of a loser
     */
    record Finish<T>(int racer, Optional<T> result, Optional<Throwable> problem) {}

    /** Starts tasks on several threads at the same moment, and waits for all of them. */
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
