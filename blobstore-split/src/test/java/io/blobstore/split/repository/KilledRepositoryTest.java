package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.Sha256;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.oci.LayoutBuilder;
import io.blobstore.split.oci.OciLayout;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Processes that create repositories on disk, or import images into one, are killed at random moments. */
@ExtendWith(LeakCheck.class)
class KilledRepositoryTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final List<byte[]> LAYERS = Stream.of(1, 2, 3)
            .map(seed -> Fixture.tar(Fixture.files(seed, 40, 20_000 * seed)).array())
            .toList();

    @TempDir
    Path directory;

    /** Kills a child JVM some time after its line "ready". */
    private void kill(Class<?> child, SplittableRandom random, long mostNanos, Path... arguments) throws Exception {
        String[] texts = Stream.of(arguments).map(Path::toString).toArray(String[]::new);
        try (ChildJvm.Running running = ChildJvm.of(child, directory).start(texts)) {
            running.awaitLine("ready"::equals, LIMIT);
            LockSupport.parkNanos(random.nextLong(mostNanos));
            running.kill();
            running.join(LIMIT);
        }
    }

    /** Creates repositories until it is killed. */
    static final class Creator {
        public static void main(String[] args) throws Exception {
            Path parent = Path.of(args[0]);
            for (int i = 0; ; i++) {
                ComposefsDirectory.create(parent.resolve(String.valueOf(i)), ObjectHash.SHA_512);
                if (i == 0) {
                    System.out.println("ready");
                }
            }
        }
    }

    @Test
    void aRepositoryIsThereWholeOrCanBeCreatedAgain() throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        int rounds = CampaignScale.of(50, 2);
        for (int round = 0; round < rounds; round++) {
            Path parent = Files.createDirectory(directory.resolve("round-" + round));
            kill(Creator.class, random, 200_000_000, parent);
            List<Path> roots;
            try (Stream<Path> all = Files.list(parent)) {
                roots = all.toList();
            }
            for (Path root : roots) {
                if (Files.notExists(root.resolve("meta.json"))) {
                    ComposefsDirectory.create(root, ObjectHash.SHA_512);
                }
                try (ComposefsDirectory opened = Fixture.open(root)) {
                    assertThat(opened.hash()).isEqualTo(ObjectHash.SHA_512);
                }
                assertThat(Files.readString(root.resolve("meta.json"))).endsWith("}\n");
            }
        }
    }

    @Test
    void aRepositoryHasNoOtherFilesAndIsCreatedOnce() throws Exception {
        Path root = directory.resolve("repository");
        ComposefsDirectory.create(root, ObjectHash.SHA_256);
        try (Stream<Path> files = Files.list(root)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("meta.json", "objects", "streams");
        }
        assertThatThrownBy(() -> ComposefsDirectory.create(root, ObjectHash.SHA_512))
                .isInstanceOf(FileAlreadyExistsException.class);
        try (ComposefsDirectory opened = Fixture.open(root)) {
            assertThat(opened.hash()).isEqualTo(ObjectHash.SHA_256);
        }
    }

    // ---- images

    /** Imports the image of a layout, as often as it can. */
    static final class Importer {
        public static void main(String[] args) throws Exception {
            try (TransferManager transfers = TransferManager.create();
                    ComposefsDirectory store = Fixture.open(Path.of(args[0]))) {
                System.out.println("ready");
                importImage(transfers, store, Path.of(args[1]));
                System.out.println("imported");
            }
        }
    }

    private static OciImportResult importImage(TransferManager transfers, ObjectStore store, Path layout)
            throws IOException, InterruptedException {
        return SplitEngine.of(transfers)
                .importImage(
                        Repository.of(store),
                        OciLayout.open(layout).images().get(0),
                        OciImportOptions.builder().concurrency(3).build())
                .join();
    }

    @Test
    void aKilledImportLeavesNoRefToAnythingIncomplete() throws Exception {
        Path layout = directory.resolve("layout");
        LayoutBuilder builder = new LayoutBuilder(layout);
        builder.layer(LAYERS.get(0), "");
        builder.layer(LAYERS.get(1), "+gzip");
        builder.layer(LAYERS.get(2), "+zstd");
        builder.image("image", "").open();
        SplittableRandom random = new SplittableRandom(2);
        int rounds = CampaignScale.of(30, 2);
        for (int round = 0; round < rounds; round++) {
            Path root = directory.resolve("repository-" + round);
            ComposefsDirectory.create(root, ObjectHash.SHA_256);
            kill(Importer.class, random, 400_000_000, root, layout);
            try (TransferManager transfers = TransferManager.create();
                    ComposefsDirectory store = Fixture.open(root)) {
                Repository repository = Repository.of(store);
                requireSound(transfers, repository);
                if (!repository.refs().isEmpty()) {
                    requireImage(transfers, repository);
                }
                for (String stream : repository.streams()) { // layers are named as soon as they are complete
                    repository.stream(stream);
                }
                importImage(transfers, store, layout);
                requireImage(transfers, repository);
                requireSound(transfers, repository);
                assertThat(Fixture.temporaries(root)).isEmpty();
                assertThat(Fixture.collect(repository, CollectOptions.DEFAULT).isClean())
                        .isTrue();
                requireImage(transfers, repository);
            }
        }
    }

    private static void requireSound(TransferManager transfers, Repository repository) throws Exception {
        FsckReport report =
                SplitEngine.of(transfers).fsck(repository, FsckOptions.DEFAULT).join(LIMIT);
        assertThat(report.problems()).isEmpty();
        assertThat(report.foreign()).isEmpty();
    }

    private static void requireImage(TransferManager transfers, Repository repository) throws Exception {
        assertThat(repository.refs()).containsExactly("oci/image");
        for (byte[] layer : LAYERS) {
            String name = "oci-layer-" + Sha256.of(ByteBuffer.wrap(layer));
            Fixture.assertSame(Fixture.merge(transfers, repository, name, layer.length), ByteBuffer.wrap(layer));
        }
    }
}
