package io.blobstore.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Keys that must not become files: a download never writes outside of its directory, or into the file of another key.
 */
@ExtendWith(LeakCheck.class)
class TargetDirectoryTest {
    private static final DirectoryOptions CONTINUE =
            DirectoryOptions.builder().failureMode(FailureMode.CONTINUE).build();

    @TempDir
    Path temporary;

    private Path root;
    private Path outside;

    @BeforeEach
    void create() throws IOException {
        root = Files.createDirectory(temporary.resolve("root"));
        outside = Files.createDirectory(temporary.resolve("outside"));
        Files.writeString(outside.resolve("victim"), "victim");
    }

    /** Downloads blobs, of which one is harmless, and returns the failure of the other. */
    private UnsafeKeyException downloadUnsafe(String... paths) throws Exception {
        try (InMemoryBlobStore store = new InMemoryBlobStore();
                TransferManager transfers = TransferManager.create()) {
            for (String path : paths) {
                store.store(BlobKey.of("p/" + path), ByteBuffer.wrap("attack".getBytes()));
            }
            store.store(BlobKey.of("p/harmless"), ByteBuffer.wrap("harmless".getBytes()));

            DirectoryResult result = DirectoryTransfer.of(transfers)
                    .download(store, "p", root, CONTINUE)
                    .join();

            assertThat(root.resolve("harmless")).hasContent("harmless");
            assertThat(result.failed()).isEqualTo(1);
            assertThat(result.failures().get(0).path()).isEqualTo(paths[paths.length - 1]);
            return (UnsafeKeyException) result.failures().get(0).failure().orElseThrow();
        }
    }

    private void requireOnlyVictimOutside() throws IOException {
        try (Stream<Path> paths = Files.walk(temporary)) {
            assertThat(paths.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                            .map(path -> temporary.relativize(path).toString()))
                    .containsExactlyInAnyOrder("root/harmless", "outside/victim");
        }
        assertThat(outside.resolve("victim")).hasContent("victim");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../outside/victim",
                "..",
                ".",
                "a/../../outside/victim",
                "a/./b",
                "/etc/victim",
                "//host/share",
                "a//b",
                "a/",
                "nul\0byte",
                "a/nul\0/b",
                ".blobstore-1-2-x.part",
                "d/.BLOBSTORE-1-2-x.lock"
            })
    void keysThatNameNoFileOfTheDirectoryAreRefused(String path) throws Exception {
        UnsafeKeyException failure = downloadUnsafe(path);

        assertThat(failure.key()).contains(BlobKey.of("p/" + path));
        requireOnlyVictimOutside();
    }

    @Test
    void linksToFilesAreNotWrittenThrough() throws Exception {
        Files.createSymbolicLink(root.resolve("link"), outside.resolve("victim"));

        assertThat(downloadUnsafe("link")).hasMessageContaining("symbolic link");

        requireOnlyVictimOutside();
        assertThat(root.resolve("link")).isSymbolicLink();
    }

    @ParameterizedTest
    @ValueSource(strings = {"link/victim", "link/new", "link/d/new"})
    void linksToDirectoriesAreNotFollowed(String path) throws Exception {
        Files.createSymbolicLink(root.resolve("link"), outside);

        assertThat(downloadUnsafe(path)).hasMessageContaining("symbolic link");

        requireOnlyVictimOutside();
    }

    @Test
    void danglingLinksAreNotFollowed() throws Exception {
        Files.createSymbolicLink(root.resolve("link"), outside.resolve("missing"));

        assertThat(downloadUnsafe("link/new")).hasMessageContaining("symbolic link");

        requireOnlyVictimOutside();
    }

    @Test
    void theDirectoryItselfMayBeALink() throws Exception {
        Path link = Files.createSymbolicLink(temporary.resolve("link"), root);

        try (TargetDirectory.Claim claim = new TargetDirectory(link).claim(BlobKey.of("d/a"), "d/a")) {
            assertThat(claim.file()).isEqualTo(root.toRealPath().resolve("d/a"));
        }
    }

    @Test
    void noPathIsAFileAndADirectory() throws Exception {
        assertThat(downloadUnsafe("a", "a-b", "a/b")).hasMessageContaining("'p/a' is a blob too");

        assertThat(root.resolve("a")).hasContent("attack");
        assertThat(root.resolve("a-b")).hasContent("attack");
    }

    @Test
    void anExistingDirectoryIsNotReplaced() throws Exception {
        Files.createDirectories(root.resolve("a/b"));

        assertThat(downloadUnsafe("a")).hasMessageContaining("is a directory");
    }

    @Test
    void anExistingFileIsNoDirectory() throws Exception {
        Files.writeString(root.resolve("a"), "a");

        assertThat(downloadUnsafe("a/b")).hasMessageContaining("needs a directory");

        assertThat(root.resolve("a")).hasContent("a");
    }

    // ---- file systems that ignore case

    /** Returns the directory on a file system that keeps, but ignores, case: names exist once, as they were created. */
    private TargetDirectory ignoringCase() throws IOException {
        return new TargetDirectory(root, path -> {
            Path real = root.toRealPath();
            for (Path name : path.equals(real) ? List.<Path>of() : real.relativize(path)) {
                try (Stream<Path> entries = Files.list(real)) {
                    real = entries.filter(
                                    entry -> entry.getFileName().toString().equalsIgnoreCase(name.toString()))
                            .min(Path::compareTo) // capital letters, which the tests create first
                            .orElseThrow();
                }
            }
            return real;
        });
    }

    @Test
    void namesThatDifferInCaseAreNotTakenForEachOther() throws Exception {
        Files.createDirectory(root.resolve("Dir"));
        Files.writeString(root.resolve("File"), "File");
        TargetDirectory target = ignoringCase();
        Files.writeString(root.resolve("file"), "the same file on such a file system");

        for (String path : new String[] {"file", "dir/x"}) {
            assertThatExceptionOfType(UnsafeKeyException.class)
                    .isThrownBy(() -> target.claim(BlobKey.of(path), path))
                    .withMessageContaining("takes its name for that of")
                    .satisfies(failure -> assertThat(failure.getMessage().toLowerCase(Locale.ROOT))
                            .contains(path.split("/", -1)[0]));
        }
        target.claim(BlobKey.of("File"), "File").close();
        target.claim(BlobKey.of("Dir/x"), "Dir/x").close();
    }

    /** Otherwise both would find that there is no such file yet, and the second would replace the first. */
    @Test
    void namesThatMayBeTheSameAreWrittenOneAfterTheOther() throws Exception {
        TargetDirectory target = new TargetDirectory(root);
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Void> second = new CompletableFuture<>();
        Thread thread;
        try (TargetDirectory.Claim first = target.claim(BlobKey.of("\u00c4"), "\u00c4")) {
            thread = new Thread(() -> {
                begun.countDown();
                try (TargetDirectory.Claim other = target.claim(BlobKey.of("a\u0308"), "a\u0308")) {
                    second.complete(null);
                } catch (IOException | InterruptedException e) {
                    second.completeExceptionally(e);
                }
            });
            thread.start();
            begun.await();
            while (thread.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            assertThat(second).isNotDone();
            target.claim(BlobKey.of("b"), "b").close();
        }
        second.get(1, TimeUnit.MINUTES);
        thread.join();
    }
}
