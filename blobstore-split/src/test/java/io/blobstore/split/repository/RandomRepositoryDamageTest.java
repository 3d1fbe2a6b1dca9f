package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Objects, streams and links of a directory that are flipped or cut: no other bytes are given out than were put. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class RandomRepositoryDamageTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(1);
    private final ByteBuffer tar = Fixture.tar(List.of(
            Fixture.files(1, 1, 70).get(0),
            new byte[3],
            Fixture.files(2, 1, 5000).get(0),
            Fixture.files(3, 1, 300_000).get(0),
            Fixture.files(4, 1, SplitContent.VERIFIED + 4097).get(0)));
    private TransferManager transfers;
    private Path root;
    private ComposefsDirectory store;
    private Repository repository;

    @BeforeEach
    void create() throws IOException {
        transfers = TransferManager.create();
        root = directory.resolve("repository");
        ComposefsDirectory.create(root, ObjectHash.SHA_256);
        store = Fixture.open(root);
        repository = Repository.of(store);
    }

    @AfterEach
    void close() throws IOException {
        store.close();
        transfers.close();
    }

    private SplitResult split(boolean heal) throws Exception {
        return SplitEngine.of(transfers)
                .split(
                        repository,
                        "s",
                        BlobSource.of(tar),
                        SplitOptions.builder().ref("r").heal(heal).build())
                .join(LIMIT);
    }

    private byte[] damaged(byte[] content) {
        byte[] changed = content.clone();
        switch (random.nextInt(4)) {
            case 0 -> changed = Arrays.copyOf(content, random.nextInt(content.length));
            case 1 -> changed = Arrays.copyOf(content, content.length + 1 + random.nextInt(5000));
            default -> {
                for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                    changed[random.nextInt(content.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
                }
            }
        }
        return changed;
    }

    @Test
    void noDamageOfAnObjectOrAStreamIsMergedOrMissedOrKept() throws Exception {
        split(false);
        Set<ObjectId> met = new HashSet<>();
        for (int round = 0; round < CampaignScale.of(1000, 30); round++) {
            List<ObjectId> objects = Fixture.objects(store);
            assertThat(objects).hasSize(5);
            ObjectId id = objects.get(random.nextInt(objects.size()));
            Path file = root.resolve("objects").resolve(id.path());
            byte[] content = Files.readAllBytes(file);
            byte[] damaged = damaged(content);
            if (Arrays.equals(damaged, content)) {
                continue; // flips of one bit, twice
            }
            Files.write(file, damaged);
            met.add(id);
            assertIsNotMerged();
            FsckReport report = SplitEngine.of(transfers)
                    .fsck(repository, FsckOptions.DEFAULT)
                    .join(LIMIT);
            assertThat(report.problems())
                    .as("round %s", round)
                    .anyMatch(problem -> problem.kind() == FsckReport.Kind.DAMAGED_OBJECT
                            && problem.path().endsWith(id.path()));
            assertThat(split(true).progress().objectsStored()).isLessThanOrEqualTo(1);
            assertThat(Files.readAllBytes(file)).isEqualTo(content);
        }
        assertThat(met).hasSize(5);
        Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", tar.remaining()), tar);
    }

    /** Neither as a file nor by reading in order are other bytes given out. */
    private void assertIsNotMerged() throws Exception {
        SplitEngine engine = SplitEngine.of(transfers);
        Path target = directory.resolve("target");
        try {
            engine.merge(repository, "refs/r", BlobTarget.ofPath(target)).join(LIMIT);
            throw new AssertionError("damage was merged");
        } catch (BlobStoreException e) {
            assertThat(e).message().isNotBlank();
        }
        assertThat(target).doesNotExist();

        ByteBuffer piece = ByteBuffer.allocate(1 + random.nextInt(100_000));
        try (SplitContent content = engine.open(repository, "refs/r")) {
            for (int at = 0; content.read(piece.clear()) > 0; at += piece.limit()) {
                Fixture.assertSame(piece.flip(), tar.slice(at, piece.limit()));
            }
            throw new AssertionError("damage was read");
        } catch (BlobStoreException e) {
            assertThat(e).message().isNotBlank();
        }
    }

    @Test
    void noDamageOfALinkLeadsAnywhereElse() throws Exception {
        split(false);
        for (String link : List.of("streams/s", "streams/refs/r")) {
            Path path = root.resolve(link);
            String text = Files.readSymbolicLink(path).toString();
            for (int round = 0; round < CampaignScale.of(300, 20); round++) {
                byte[] damaged = damaged(text.getBytes(StandardCharsets.ISO_8859_1));
                String other = new String(damaged, StandardCharsets.ISO_8859_1)
                        .replace("\0", "")
                        .strip();
                if (other.isEmpty() || other.equals(text)) {
                    continue;
                }
                Files.delete(path);
                Files.createSymbolicLink(path, Path.of(other));
                try {
                    // What is another way to write the same path is no damage.
                    Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", tar.remaining()), tar);
                } catch (BlobStoreException e) {
                    assertThat(e).message().isNotBlank();
                    assertThat(Fixture.collect(repository, CollectOptions.DEFAULT)
                                    .objectsDeleted())
                            .isZero();
                    assertIsNotMerged();
                }
                Files.delete(path);
                Files.createSymbolicLink(path, Path.of(text));
            }
        }
        Fixture.assertSame(Fixture.merge(transfers, repository, "refs/r", tar.remaining()), tar);
    }
}
