package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Collections of a directory in any moment of a split never delete what it relies on. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class CollectRaceTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final SplitOptions REF = SplitOptions.builder().ref("r").build();

    @TempDir
    Path directory;

    private final List<byte[]> files = Fixture.files(1, 100, 2000);
    private final ByteBuffer tar = Fixture.tar(files.subList(0, 90));

    private Path create() throws IOException {
        Path root = directory.resolve("repository");
        ComposefsDirectory.create(root, ObjectHash.SHA_256);
        return root;
    }

    @Test
    void aCollectionBetweenAFoundObjectAndTheLinkWaits() throws Exception {
        try (TransferManager transfers = TransferManager.create();
                ComposefsDirectory store = Fixture.open(create())) {
            Repository repository = Repository.of(store);
            Fixture.split(transfers, repository, "unreferenced", Fixture.tar(files)); // most of it will be found
            int[] refused = new int[1];
            HookedSource source = new HookedSource(BlobSource.of(tar), () -> {
                try {
                    Fixture.collect(
                            repository,
                            CollectOptions.builder()
                                    .waitForWriters(Duration.ofMillis(1))
                                    .build());
                } catch (RepositoryBusyException e) {
                    refused[0]++;
                }
            });
            SplitResult split = SplitEngine.of(transfers)
                    .split(repository, "s", source, REF)
                    .join(LIMIT);
            assertThat(refused[0]).isPositive();
            assertThat(split.progress().objectsStored()).isZero();
            assertThat(Fixture.collect(repository, CollectOptions.DEFAULT).objectsDeleted())
                    .isEqualTo(11);
            Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", tar.remaining()), tar);
        }
    }

    /** Collects until it is killed. */
    static final class Collector {
        public static void main(String[] args) throws Exception {
            try (ComposefsDirectory store = Fixture.open(Path.of(args[0]))) {
                Repository repository = Repository.of(store);
                SplittableRandom random = new SplittableRandom(1);
                for (; ; ) {
                    CollectReport report = Fixture.collect(repository, CollectOptions.DEFAULT);
                    if (!report.isClean()) {
                        throw new AssertionError(report);
                    }
                    System.out.println("collected " + report.objectsDeleted());
                    LockSupport.parkNanos(random.nextLong(10_000_000)); // lets writers in
                }
            }
        }
    }

    @Test
    void anotherProcessCollectsAllTheTime() throws Exception {
        Path root = create();
        int rounds = CampaignScale.of(200, 10);
        try (ChildJvm.Running collector =
                        ChildJvm.of(Collector.class, directory).start(root.toString());
                TransferManager transfers = TransferManager.create();
                ComposefsDirectory store = Fixture.open(root)) {
            collector.awaitLine(line -> line.startsWith("collected"), LIMIT);
            Repository repository = Repository.of(store);
            for (int round = 0; round < rounds; round++) {
                // Without the ref, its objects are garbage: some are found by the next split, some are deleted.
                SplitEngine.of(transfers)
                        .split(repository, "s", BlobSource.of(tar), REF)
                        .join(LIMIT);
                Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", tar.remaining()), tar);
                repository.deleteRef("r");
            }
            // It keeps up: this is a line that it prints now.
            collector.awaitLine("collected 91"::equals, LIMIT);
            assertThat(collector.process().isAlive()).isTrue();
            collector.kill();
            collector.join(LIMIT);
            assertThat(SplitEngine.of(transfers)
                            .fsck(repository, FsckOptions.DEFAULT)
                            .join(LIMIT)
                            .problems())
                    .isEmpty();
        }
    }
}
