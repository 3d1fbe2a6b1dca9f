package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.cache.pieces.PieceLayout;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.PatternStore;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Fills whose process is killed. */
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

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
