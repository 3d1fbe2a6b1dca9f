package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.Splitter;
import io.blobstore.split.Vectors;
import io.blobstore.split.internal.verity.VerityDigest;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Splitting and merging need little memory, whatever the size of the content. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class SplitMemoryTest {
    private static final int SIZE = 64 << 20;

    /** 64 MiB for each GiB. */
    private static final long ALLOWED = SIZE / 16;

    @TempDir
    Path directory;

    private static long allocated(AllocatedBytes.Work work) throws IOException {
        work.run(); // loads classes, and stores the objects
        return AllocatedBytes.of(work);
    }

    @Test
    void contentDoesNotPassThroughTheHeap() throws Exception {
        Path path = directory.resolve("image");
        Files.write(path, Fixture.files(1, 1, SIZE).get(0));
        Path root = directory.resolve("repository");
        ComposefsDirectory.create(root, ObjectHash.SHA_256);
        try (ComposefsDirectory store = Fixture.open(root);
                TransferManager transfers =
                        TransferManager.builder().executor(Runnable::run).build();
                MappedFile file = MappedFile.open(path)) {
            Repository repository = Repository.of(store);
            SplitEngine engine = SplitEngine.of(transfers);
            for (Splitter splitter : List.of(Splitter.fixed(64 << 10), (input, sink) -> sink.object(SIZE, null))) {
                SplitOptions options = SplitOptions.builder().splitter(splitter).build();
                assertThat(allocated(() -> await(() -> engine.split(repository, "s", file.region(), options)
                                .join())))
                        .isLessThan(ALLOWED);
                Path merged = directory.resolve("merged");
                assertThat(allocated(() -> await(() -> engine.merge(repository, "s", BlobTarget.ofPath(merged))
                                .join())))
                        .isLessThan(2 * ALLOWED); // a channel for each object
                assertThat(Files.mismatch(path, merged)).isEqualTo(-1);
            }
        }
    }

    @FunctionalInterface
    private interface Waiting {
        Object join() throws IOException, InterruptedException;
    }

    private static void await(Waiting waiting) throws IOException {
        try {
            assertThat(waiting.join()).isNotNull();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Splits and merges an archive of empty entries, and prints the most memory that it needed beside files. */
    static final class ManyEntries {
        public static void main(String[] args) throws Exception {
            Path tar = Path.of(args[0]);
            try (InMemoryBlobStore memory = new InMemoryBlobStore();
                    TransferManager transfers = TransferManager.create();
                    MappedFile file = MappedFile.open(tar)) {
                Repository repository = Repository.of(BlobStoreObjects.of(memory, ObjectHash.SHA_256));
                SplitEngine engine = SplitEngine.of(transfers);
                engine.split(repository, "s", file.region(), SplitOptions.DEFAULT)
                        .join();
                Path merged = Path.of(args[1]);
                engine.merge(repository, "s", BlobTarget.ofPath(merged)).join();
                if (Files.mismatch(tar, merged) != -1) {
                    throw new AssertionError("another content was merged");
                }
            }
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("RssAnon:")) {
                    System.out.println("RssAnon " + line.replaceAll("[^0-9]", ""));
                }
            }
        }
    }

    /** Merges every odd stream of the vectors, and prints how long each took. */
    static final class OddStreams {
        public static void main(String[] args) throws Exception {
            Path merged = Path.of(args[0]);
            try (InMemoryBlobStore memory = new InMemoryBlobStore();
                    TransferManager transfers = TransferManager.create()) {
                Repository repository = Repository.of(BlobStoreObjects.of(memory, ObjectHash.SHA_256));
                for (String object : Vectors.names("bad-streams/objects", "").toList()) {
                    put(repository, Vectors.read("bad-streams/objects/" + object));
                }
                for (String name : Vectors.names("bad-streams", ".stream").toList()) {
                    ObjectId id = put(repository, Vectors.read("bad-streams/" + name + ".stream"));
                    repository.objects().setLink("streams/" + name, "objects/" + id.path());
                    long start = System.nanoTime();
                    String outcome;
                    try {
                        SplitEngine.of(transfers)
                                .merge(repository, name, BlobTarget.ofPath(merged))
                                .join();
                        outcome = "merged";
                    } catch (BlobStoreException e) {
                        outcome = "refused";
                    }
                    System.out.println(outcome + " " + (System.nanoTime() - start) / 1_000_000 + " " + name);
                }
            }
        }

        private static ObjectId put(Repository repository, ByteBuffer content) throws IOException {
            ObjectId id = VerityDigest.of(ObjectHash.SHA_256, BlobSource.of(content));
            repository.objects().put(id, BlobSource.of(content), false);
            return id;
        }
    }

    @Test
    void oddStreamsNeedLittleMemoryAndTime() throws Exception {
        ChildJvm.Exit exit = ChildJvm.of(OddStreams.class, directory)
                .with("-Xmx64m", "-XX:MaxDirectMemorySize=64m")
                .run(Duration.ofSeconds(120), directory.resolve("merged").toString());
        assertThat(exit.code()).as(exit.output()).isZero();
        List<String> outcomes = exit.output()
                .lines()
                .filter(line -> line.startsWith("merged ") || line.startsWith("refused "))
                .toList();
        assertThat(outcomes)
                .hasSameSizeAs(Vectors.names("bad-streams", ".stream").toList())
                .allMatch(line -> Long.parseLong(line.split(" ")[1]) < 30_000); // 5 s on a quiet machine
    }

    @Test
    void aMillionEmptyEntriesFitIntoASmallHeap() throws Exception {
        byte[] header = new byte[512];
        Fixture.tar(List.of(new byte[0])).get(header);
        byte[] block = new byte[512 * 1000];
        for (int i = 0; i < 1000; i++) {
            System.arraycopy(header, 0, block, 512 * i, 512);
        }
        Path tar = directory.resolve("tar");
        try (OutputStream out = Files.newOutputStream(tar)) {
            for (int i = 0; i < CampaignScale.of(1000); i++) {
                out.write(block);
            }
            out.write(new byte[1024]);
        }
        ChildJvm.Exit exit = ChildJvm.of(ManyEntries.class, directory)
                .with("-Xmx64m")
                .run(
                        Duration.ofSeconds(120),
                        tar.toString(),
                        directory.resolve("merged").toString());
        assertThat(exit.code()).as(exit.output()).isZero();
        if (Files.exists(Path.of("/proc/self/status"))) {
            assertThat(Long.parseLong(exit.output()
                            .lines()
                            .filter(line -> line.startsWith("RssAnon "))
                            .findFirst()
                            .orElseThrow()
                            .substring("RssAnon ".length())))
                    .isLessThan(200 << 10);
        }
    }
}
