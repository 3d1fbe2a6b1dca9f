package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.ByteRange;
import io.blobstore.cache.pieces.PieceLayout;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import io.blobstore.internal.memory.LeaseTicket;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.PatternStore;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Fills whose process is killed, or would end if memory in use were unmapped. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class MappedFillCrashTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String[] QUICK = {"-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"};
    private static final int KILLS = CampaignScale.of(40);
    private static final int PIECE = PieceLayout.MIN_PIECE_SIZE;
    private static final long SIZE = 20L * PIECE + 1;
    private static final MappedFillOptions OPTIONS =
            MappedFillOptions.builder().pieceSize(PIECE).concurrency(2).build();

    @TempDir
    private Path directory;

    /** Fills one file after another until it is killed. */
    static final class EndlessFiller {
        public static void main(String[] args) throws Exception {
            PatternStore remote = new PatternStore(SIZE);
            try (TransferManager transfers = TransferManager.create()) {
                for (int n = 0; ; n++) {
                    System.out.println("filling " + n);
                    Path path = Path.of(args[0]).resolve("image" + n);
                    try (MappedFill fill = MappedFill.open(transfers, remote, PatternStore.KEY, path, OPTIONS)) {
                        fill.complete().close();
                    }
                }
            }
        }
    }

    @Test
    void afterAKillAtAnyMomentEachFileIsAbsentOrWholeAndTheNextFillSweeps() throws Exception {
        Random random = new Random(4);
        Path images = Files.createDirectory(directory.resolve("images"));
        for (int kill = 0; kill < KILLS; kill++) {
            String event = "filling " + random.nextInt(20);
            try (ChildJvm.Running child =
                    ChildJvm.of(EndlessFiller.class, directory).with(QUICK).start(images.toString())) {
                child.awaitLine(event::equals, PATIENCE);
                // Waits a random time: otherwise the kill would always hit the same few instructions.
                LockSupport.parkNanos(random.nextInt(20_000_000));
                child.kill();
                child.join(PATIENCE);
            }
            for (String name : names(images)) {
                if (!name.startsWith(".")) {
                    byte[] content = Files.readAllBytes(images.resolve(name));
                    assertThat(content.length).isEqualTo((int) SIZE);
                    PatternStore.assertContent(0, ByteBuffer.wrap(content));
                    Files.delete(images.resolve(name));
                }
            }
            try (TransferManager transfers = TransferManager.create();
                    MappedFill fill = MappedFill.open(
                            transfers, new PatternStore(SIZE), PatternStore.KEY, images.resolve("next"), OPTIONS);
                    MappedFile file = fill.complete()) {
                assertThat(file.size()).isEqualTo(SIZE);
            }
            assertThat(names(images)).containsExactly("next");
        }
    }

    // ---- closing at random moments

    /** Closes fills at random moments, while threads read their memory under leases: a mistake would end the JVM. */
    static final class CloseAtRandom {
        private static final int FILLS = CampaignScale.of(1000);

        public static void main(String[] args) throws Exception {
            PatternStore remote = new PatternStore(SIZE);
            Random random = new Random(9);
            Path path = Path.of(args[0]).resolve("image");
            AtomicInteger completed = new AtomicInteger();
            ExecutorService readers = Executors.newFixedThreadPool(3);
            try (TransferManager transfers = TransferManager.create()) {
                for (int i = 0; i < FILLS; i++) {
                    MappedFill fill = MappedFill.open(transfers, remote, PatternStore.KEY, path, OPTIONS);
                    List<Future<?>> running = new ArrayList<>();
                    for (int n = 0; n < 3; n++) {
                        long seed = random.nextLong();
                        running.add(readers.submit(() -> {
                            read(fill, new SplittableRandom(seed));
                            return null;
                        }));
                    }
                    LockSupport.parkNanos(random.nextInt(8_000_000));
                    fill.close();
                    for (Future<?> one : running) {
                        one.get();
                    }
                    if (Files.deleteIfExists(path)) {
                        completed.incrementAndGet();
                    }
                    if (!fill.region().file().awaitReleased(PATIENCE)) {
                        throw new AssertionError("the memory stays mapped");
                    }
                }
            }
            readers.shutdown();
            System.out.println(completed + " of " + FILLS + " completed");
            if (!names(Path.of(args[0])).isEmpty() || !LeaseTicket.openLeases().isEmpty() || LeaseTicket.leaked() > 0) {
                throw new AssertionError("something is left: " + names(Path.of(args[0])));
            }
        }

        private static void read(MappedFill fill, SplittableRandom random) throws Exception {
            try {
                while (true) {
                    int length = 1 + random.nextInt(2 * PIECE);
                    long offset = random.nextLong(SIZE - length);
                    fill.await(ByteRange.of(offset, length));
                    try (Lease lease = fill.region().slice(offset, length).acquire()) {
                        PatternStore.assertContent(offset, lease.buffers().get(0));
                    }
                }
            } catch (IOException | IllegalStateException closed) {
                // or the file was deleted by then
            }
        }
    }

    @Test
    void closingAtAnyMomentNeverUnmapsMemoryInUse() throws Exception {
        for (String mapper :
                List.of("unsafe", "arena").subList(0, Runtime.version().feature() < 25 ? 1 : 2)) {
            Path images = Files.createDirectory(directory.resolve("images-" + mapper));
            ChildJvm.Exit exit = ChildJvm.of(CloseAtRandom.class, directory)
                    .with("-Dio.blobstore.mapper=" + mapper)
                    .run(PATIENCE, images.toString());

            assertThat(exit.code()).as(exit.output()).isZero();
        }
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
