package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.transfer.TransferManager;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Processes share a repository on disk, and may be killed at any moment. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class RepositoryProcessesTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    /** Splits archives with the seeds that follow the first argument, again and again until it is killed. */
    static final class Writer {
        public static void main(String[] args) throws Exception {
            Path root = Path.of(args[0]);
            long seed = Long.parseLong(args[1]);
            int rounds = Integer.parseInt(args[2]);
            try (TransferManager transfers = TransferManager.create();
                    ComposefsDirectory store = Fixture.open(root)) {
                System.out.println("ready");
                for (int i = 0; i < rounds; i++) {
                    SplitEngine.of(transfers)
                            .split(
                                    Repository.of(store),
                                    "stream",
                                    BlobSource.of(content(seed + i)),
                                    SplitOptions.builder()
                                            .ref("ref")
                                            .concurrency(3)
                                            .build())
                            .join();
                    System.out.println("split " + i);
                }
            }
        }
    }

    /** Archives whose files are those of the neighbouring seeds in part. */
    private static ByteBuffer content(long seed) {
        List<byte[]> files = new ArrayList<>(Fixture.files(seed, 20, 2000));
        files.addAll(Fixture.files(seed + 1, 20, 2000));
        files.addAll(Fixture.files(0, 20, 3000));
        return Fixture.tar(files);
    }

    private Path create() throws Exception {
        Path root = directory.resolve("repository");
        ComposefsDirectory.create(root, ObjectHash.SHA_256);
        return root;
    }

    private void assertCleanAndOneOf(Path root, Set<Long> seeds) throws Exception {
        Optional<Cfsctl> composefs = Cfsctl.find(root, directory); // in the campaign tier
        if (composefs.isPresent()) {
            composefs.get().requireClean();
        }
        try (TransferManager transfers = TransferManager.create();
                ComposefsDirectory store = Fixture.open(root)) {
            try (Stream<Path> left = Files.list(root.resolve(".blobstore/tmp"))) {
                assertThat(left.filter(Files::isDirectory)).hasSize(1); // this process's
            }
            Repository repository = Repository.of(store);
            FsckReport report = SplitEngine.of(transfers)
                    .fsck(repository, FsckOptions.DEFAULT)
                    .join(LIMIT);
            assertThat(report.problems()).isEmpty();
            assertThat(report.foreign()).isEmpty();
            if (!repository.refs().isEmpty()) {
                ByteBuffer merged = Fixture.merge(
                        transfers, repository, "refs/ref", content(0).remaining());
                assertThat(seeds).anyMatch(seed -> content(seed).equals(merged));
            }
            assertThat(Fixture.collect(repository, CollectOptions.DEFAULT).broken())
                    .isEmpty();
        }
    }

    @Test
    void aKilledWriterLeavesTheOldRefOrTheNewOne() throws Exception {
        Path root = create();
        SplittableRandom random = new SplittableRandom(1);
        int rounds = CampaignScale.of(50, 3);
        Set<Long> seeds = new HashSet<>();
        for (int round = 0; round < rounds; round++) {
            try (ChildJvm.Running child = ChildJvm.of(Writer.class, directory)
                    .start(root.toString(), String.valueOf(100 + 1000 * round), "1000")) {
                child.awaitLine("ready"::equals, LIMIT);
                LockSupport.parkNanos(random.nextLong(300_000_000));
                child.kill();
                long first = 100 + 1000 * round;
                long splits = child.join(LIMIT)
                        .output()
                        .lines()
                        .filter(line -> line.startsWith("split "))
                        .count();
                seeds.addAll(List.of(first + splits - 1, first + splits)); // the last one may be linked and not printed
            }
            assertCleanAndOneOf(root, seeds);
        }
    }

    @Test
    void twoProcessesAndTwoEnginesWriteTheSameRepository() throws Exception {
        Path root = create();
        try (ChildJvm.Running one = ChildJvm.of(Writer.class, directory).start(root.toString(), "7", "3");
                ChildJvm.Running two = ChildJvm.of(Writer.class, directory).start(root.toString(), "7", "3");
                TransferManager first = TransferManager.create();
                TransferManager second = TransferManager.create();
                ComposefsDirectory a = Fixture.open(root);
                ComposefsDirectory b = Fixture.open(root)) {
            one.awaitLine("ready"::equals, LIMIT);
            for (int i = 0; i < 3; i++) {
                SplitOptions options = SplitOptions.builder().ref("ref").build();
                var splitA =
                        SplitEngine.of(first).split(Repository.of(a), "stream", BlobSource.of(content(7 + i)), options);
                var splitB = SplitEngine.of(second)
                        .split(Repository.of(b), "stream", BlobSource.of(content(7 + i)), options);
                assertThat(splitA.join(LIMIT).stream()).isEqualTo(splitB.join(LIMIT).stream());
            }
            assertThat(one.join(LIMIT).code()).isZero();
            assertThat(two.join(LIMIT).code()).isZero();
        }
        assertCleanAndOneOf(root, Set.of(9L));
    }

    /** Holds a writer's session until its input ends. */
    static final class Holder {
        public static void main(String[] args) throws Exception {
            try (ComposefsDirectory store = Fixture.open(Path.of(args[0]));
                    ObjectStore.Session session = store.beginSession(UUID.randomUUID())) {
                System.out.println("held " + (session != null));
                int unused = System.in.read();
            }
        }
    }

    @Test
    void aCollectionWaitsForTheWritersOfOtherProcesses() throws Exception {
        Path root = create();
        try (ChildJvm.Running child = ChildJvm.of(Holder.class, directory).start(root.toString());
                ComposefsDirectory store = Fixture.open(root)) {
            child.awaitLine("held true"::equals, LIMIT);
            CollectOptions impatient = CollectOptions.builder()
                    .waitForWriters(Duration.ofMillis(50))
                    .build();
            Repository repository = Repository.of(store);
            assertThatThrownBy(() -> Fixture.collect(repository, impatient))
                    .isInstanceOf(RepositoryBusyException.class);
            child.process().getOutputStream().close();
            assertThat(child.join(LIMIT).code()).isZero();
            assertThat(Fixture.collect(repository, impatient).isClean()).isTrue();
        }
    }
}
