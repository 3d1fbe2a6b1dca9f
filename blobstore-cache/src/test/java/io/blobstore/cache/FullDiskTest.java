package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.TargetException;
import io.blobstore.cache.pieces.PieceCache;
import io.blobstore.cache.pieces.PieceLayout;
import io.blobstore.contract.SmallDisk;
import io.blobstore.memory.Lease;
import io.blobstore.transfer.PatternStore;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is full: each test mounts a small one, in a namespace of its own. */
class FullDiskTest {
    private static final int PIECE = PieceLayout.MIN_PIECE_SIZE;
    private static final long SIZE = 10L * PIECE;

    @TempDir
    private Path directory;

    private static int names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return (int) files.count();
        }
    }

    /** Reads more than fits on the disk, though the cache might hold it. */
    static final class Pieces {
        public static void main(String[] args) throws Exception {
            Path mounted = Path.of(args[0]);
            Path others = Files.write(mounted.resolve("others"), new byte[(1 << 20) - 5 * PIECE]);
            PatternStore remote = new PatternStore(SIZE);
            BlobMetadata blob = remote.head(PatternStore.KEY);
            try (PieceCache cache = PieceCache.open(mounted.resolve("pieces"), PIECE, 100L * PIECE)) {
                read(cache, remote, blob);
                int pieces = cache.stats().pieces();
                assertThat(pieces).isBetween(2, 5);
                assertThat(cache.stats().bytes()).isEqualTo((long) pieces * PIECE);
                assertThat(names(mounted.resolve("pieces/tmp"))).isZero();
                assertThat(cache.stats().bypassed()).isPositive();

                Files.delete(others);
                long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
                while (cache.stats().pieces() < 10 && System.nanoTime() - deadline < 0) {
                    read(cache, remote, blob); // tries the disk again after some time
                }
                assertThat(cache.stats().pieces()).isEqualTo(10);
            }
        }

        private static void read(PieceCache cache, PatternStore remote, BlobMetadata blob) throws IOException {
            ByteBuffer memory = ByteBuffer.allocateDirect(PIECE);
            for (long at = 0; at < SIZE; at += PIECE) {
                cache.read(remote, blob, ByteRange.of(at, PIECE), BlobTarget.Window.of(memory.clear()));
                PatternStore.assertContent(at, memory.flip());
            }
        }
    }

    @Test
    void piecesThatDoNotFitAreReadFromTheStore() throws Exception {
        SmallDisk.run(directory, "size=1m", Pieces.class);
    }

    /** Fills the disk in the middle of a fill. */
    static final class Fill {
        public static void main(String[] args) throws Exception {
            Path mounted = Path.of(args[0]);
            Path path = mounted.resolve("image");
            PatternStore remote = new PatternStore(SIZE);
            remote.onRead(read -> {
                if (read.offset() == 5 * PIECE) {
                    try {
                        Files.write(mounted.resolve("others"), new byte[1 << 20]);
                    } catch (IOException full) {
                        // as intended
                    }
                }
            });
            MappedFillOptions options =
                    MappedFillOptions.builder().pieceSize(PIECE).concurrency(1).build();
            try (TransferManager transfers = TransferManager.create()) {
                try (MappedFill fill = MappedFill.open(transfers, remote, PatternStore.KEY, path, options);
                        Lease first = fill.region().slice(0, PIECE).acquire()) {
                    assertThatThrownBy(() -> fill.await(ByteRange.all()))
                            .isInstanceOf(TargetException.class)
                            .hasMessageContaining("No space left");
                    PatternStore.assertContent(0, first.buffers().get(0));
                }
                assertThat(names(mounted)).isEqualTo(1);
                assertThat(path).doesNotExist();
                assertThatThrownBy(() -> MappedFill.open(transfers, remote, PatternStore.KEY, path, options))
                        .isInstanceOf(IOException.class);
                assertThat(names(mounted)).isEqualTo(1);
            }
        }
    }

    @Test
    void aFillThatDoesNotFitIsAnExceptionAndLeavesNothing() throws Exception {
        SmallDisk.run(directory, "size=1m", Fill.class);
    }
}
