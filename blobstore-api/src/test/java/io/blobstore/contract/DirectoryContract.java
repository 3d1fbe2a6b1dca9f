package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.ListOptions;
import io.blobstore.StoreOptions;
import io.blobstore.directory.Comparison;
import io.blobstore.directory.DirectoryOptions;
import io.blobstore.directory.DirectoryResult;
import io.blobstore.directory.DirectoryTransfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What directory transfers do with every store. */
@ExtendWith(LeakCheck.class)
public abstract class DirectoryContract {
    private static final DirectoryOptions MIRROR = DirectoryOptions.builder()
            .comparison(Comparison.SIZE_AND_CHECKSUM)
            .delete(true)
            .concurrency(4)
            .build();

    /** The directory for the test's own files, which contains the store's directory. */
    @TempDir
    Path temporary;

    private final String prefix = "directories-" + UUID.randomUUID() + "/";
    private BlobStore store;
    private TransferManager transfers;
    private DirectoryTransfer directories;
    private Path source;
    private Path target;

    /**
     * Opens the store for one test, which closes it and deletes what it has stored.
     *
     * @param directory an empty directory for stores that need one
     */
    protected abstract BlobStore openStore(Path directory) throws IOException;

    /** Returns whether the store can hold a blob with this key; other keys are left out. Default: true. */
    protected boolean supportsKey(String name) {
        return true;
    }

    @BeforeEach
    void open() throws IOException {
        store = openStore(Files.createDirectory(temporary.resolve("store")));
        transfers = TransferManager.create();
        directories = DirectoryTransfer.of(transfers);
        source = Files.createDirectory(temporary.resolve("source"));
        target = temporary.resolve("target");
    }

    @AfterEach
    void close() throws IOException {
        try (BlobStore closed = store) {
            transfers.close();
            closed.deleteAll(prefix);
        }
    }

    private Map<String, String> tree(Path directory) throws IOException {
        Map<String, String> tree = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path file : paths.filter(Files::isRegularFile).toList()) {
                tree.put(directory.relativize(file).toString(), Files.readString(file));
            }
        }
        return tree;
    }

    private void write(String path, String content) throws IOException {
        Path file = source.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private List<String> keys() throws IOException {
        List<String> keys = new ArrayList<>();
        try (BlobListing listing = store.list(ListOptions.prefix(prefix))) {
            while (listing.hasNext()) {
                keys.add(listing.next().name().substring(prefix.length()));
            }
        }
        return keys;
    }

    @Test
    void aTreeIsTheSameAfterUploadAndDownload() throws Exception {
        List<String> names = Stream.of(
                        "a", "a-b", "b/c", "b/c.d/e", "b/ space ", "b/ü-\uD83D\uDE00", "d/%41+?*[x]", "z/1/2/3/4")
                .filter(name -> supportsKey(prefix + name))
                .toList();
        for (String name : names) {
            write(name, "content of " + name);
        }
        write("empty", "");
        Files.createDirectory(source.resolve("no files"));

        DirectoryResult up = directories
                .upload(source, store, prefix, DirectoryOptions.DEFAULT)
                .join();
        DirectoryResult down = directories
                .download(store, prefix, target, DirectoryOptions.DEFAULT)
                .join();

        assertThat(keys()).containsExactlyInAnyOrderElementsOf(tree(source).keySet());
        assertThat(tree(target)).isEqualTo(tree(source));
        assertThat(up.transferred()).isEqualTo(names.size() + 1);
        assertThat(down.transferred()).isEqualTo(names.size() + 1);
        assertThat(down.bytes()).isEqualTo(up.bytes());
    }

    @Test
    void aLargeFileIsTransferredInPartsAmongSmallOnes() throws Exception {
        Path large = Files.write(source.resolve("large"), new byte[11 << 20]);
        for (int i = 0; i < 20; i++) {
            write("small-" + i, "small");
        }
        DirectoryOptions options = DirectoryOptions.builder()
                .concurrency(4)
                .upload(UploadOptions.builder().partSize(5 << 20).build())
                .build();

        directories.upload(source, store, prefix, options).join();
        directories.download(store, prefix, target, options).join();

        assertThat(target.resolve("large")).hasSameBinaryContentAs(large);
        assertThat(tree(target)).hasSize(21);
    }

    @Test
    void aPrefixIsADirectory() throws Exception {
        store.store(BlobKey.of(prefix + "photos/1"), ByteBuffer.allocate(1));
        store.store(BlobKey.of(prefix + "photos-old/2"), ByteBuffer.allocate(1));

        directories
                .download(store, prefix + "photos", target, DirectoryOptions.DEFAULT)
                .join();

        assertThat(tree(target)).containsOnlyKeys("1");
    }

    @Test
    void blobsAreCopiedInsideTheStore() throws Exception {
        write("x", "x");
        write("d/y", "yy");
        directories
                .upload(source, store, prefix + "one", DirectoryOptions.DEFAULT)
                .join();

        DirectoryResult copied = directories
                .copy(store, prefix + "one", prefix + "two", DirectoryOptions.DEFAULT)
                .join();

        assertThat(copied.bytes()).isEqualTo(3);
        assertThat(keys()).containsExactly("one/d/y", "one/x", "two/d/y", "two/x");
    }

    @Test
    void blobsAreCopiedToAnotherStoreAndBack() throws Exception {
        StoreOptions metadata = StoreOptions.builder()
                .contentType("text/plain")
                .userMetadata("author", "kim")
                .build();
        byte[] large = ContractFixture.bytes((11 << 20) + 3, 1);
        store.store(BlobKey.of(prefix + "one/d/large"), BlobSource.of(ByteBuffer.wrap(large)), metadata);
        store.store(BlobKey.of(prefix + "one/small"), BlobSource.of(ByteBuffer.wrap(new byte[3])), metadata);
        store.store(BlobKey.of(prefix + "one/empty"), ByteBuffer.allocate(0));
        DirectoryOptions parts = MIRROR.toBuilder()
                .upload(UploadOptions.builder().partSize(5 << 20).build())
                .build();
        try (BlobStore other = new InMemoryBlobStore()) {
            other.store(BlobKey.of("x/extraneous"), ByteBuffer.allocate(1));

            DirectoryResult there =
                    directories.copy(store, prefix + "one", other, "x", parts).join();
            DirectoryResult again =
                    directories.copy(store, prefix + "one", other, "x", parts).join();
            DirectoryResult back =
                    directories.copy(other, "x", store, prefix + "two", parts).join();

            assertThat(there.transferred()).isEqualTo(3);
            assertThat(there.bytes()).isEqualTo(large.length + 3L);
            assertThat(there.deleted()).isEqualTo(1);
            assertThat(again.unchanged()).isEqualTo(3);
            assertThat(back.transferred()).isEqualTo(3);
        }
        assertThat(keys())
                .containsExactly("one/d/large", "one/empty", "one/small", "two/d/large", "two/empty", "two/small");
        assertThat(store.readAllBytes(BlobKey.of(prefix + "two/d/large"), 12 << 20))
                .isEqualTo(large);
        for (String name : List.of("two/d/large", "two/small")) {
            BlobMetadata copy = store.head(BlobKey.of(prefix + name));
            assertThat(copy.contentType()).contains("text/plain");
            assertThat(copy.userMetadata()).containsEntry("author", "kim").hasSize(1);
        }
    }

    /** Random trees that change between synchronizations in both directions. */
    @Test
    void synchronizedTreesAreEqual() throws Exception {
        for (int seed = 0; seed < rounds(); seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            for (int round = 0; round < 3; round++) {
                change(random);
                DirectoryResult up =
                        directories.upload(source, store, prefix, MIRROR).join();
                DirectoryResult down =
                        directories.download(store, prefix, target, MIRROR).join();

                assertThat(keys())
                        .as("seed %d", seed)
                        .containsExactlyInAnyOrderElementsOf(tree(source).keySet());
                assertThat(tree(target)).as("seed %d", seed).isEqualTo(tree(source));
                assertThat(up.transferred() + up.unchanged())
                        .isEqualTo(tree(source).size());
                assertThat(down.transferred()).isEqualTo(up.transferred());
            }
            DirectoryResult nothing =
                    directories.upload(source, store, prefix, MIRROR).join();
            assertThat(nothing.transferred()).isZero();
            assertThat(nothing.deleted()).isZero();
        }
    }

    /** Returns how many random trees are synchronized, several times each. */
    protected int rounds() {
        return CampaignScale.of(30);
    }

    /** Writes and deletes some files; files keep names that are never those of directories. */
    private void change(SplittableRandom random) throws IOException {
        write("always", "here");
        for (String path : List.copyOf(tree(source).keySet())) {
            if (random.nextInt(4) == 0 && !path.equals("always")) {
                Files.delete(source.resolve(path));
            }
        }
        for (int i = random.nextInt(8); i >= 0; i--) {
            StringBuilder path = new StringBuilder();
            for (int depth = random.nextInt(3); depth > 0; depth--) {
                path.append("d").append(".-0ü".charAt(random.nextInt(4))).append('/');
            }
            path.append("f").append(random.nextInt(5));
            write(path.toString(), "x".repeat(random.nextInt(3)) + random.nextInt(10));
        }
    }
}
