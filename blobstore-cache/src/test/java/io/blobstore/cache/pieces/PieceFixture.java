package io.blobstore.cache.pieces;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ReadResult;
import io.blobstore.contract.LeakCheck;
import io.blobstore.transfer.PatternStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A cache with small pieces, and a blob with a last piece that is smaller. */
@ExtendWith(LeakCheck.class)
abstract class PieceFixture {
    static final int PIECE = PieceLayout.MIN_PIECE_SIZE;
    static final long SIZE = 10L * PIECE - 1000;

    @TempDir
    Path directory;

    final PatternStore remote = new PatternStore(SIZE);
    private PieceCache cache;

    PieceCache cache() throws IOException {
        return cache(100L * PIECE);
    }

    PieceCache cache(long maxBytes) throws IOException {
        if (cache == null) {
            cache = PieceCache.open(path(), PIECE, maxBytes);
        }
        return cache;
    }

    Path path() {
        return directory.resolve("pieces");
    }

    PieceCache reopened() throws IOException {
        close();
        return cache();
    }

    PieceCache reopened(long maxBytes) throws IOException {
        close();
        return cache(maxBytes);
    }

    @AfterEach
    void close() throws IOException {
        if (cache != null) {
            cache.close();
            cache = null;
        }
    }

    BlobMetadata blob() throws IOException {
        return remote.head(PatternStore.KEY);
    }

    /** Reads a range, and checks its content. */
    void read(long offset, int length) throws IOException {
        read(remote, blob(), offset, length);
    }

    void read(BlobStore store, BlobMetadata blob, long offset, int length) throws IOException {
        ByteBuffer memory = ByteBuffer.allocateDirect(length);
        ReadResult read = cache().read(store, blob, ByteRange.of(offset, length), BlobTarget.Window.of(memory));
        assertThat(read.length()).isEqualTo(length);
        assertThat(read.blob()).isEqualTo(blob);
        assertThat(memory.position()).isEqualTo(length);
        assertThat(read.checksum()).isEqualTo(Crc32c.of(memory.flip()));
        PatternStore.assertContent(offset, memory);
    }

    static FutureTask<Void> start(Work work) {
        FutureTask<Void> task = new FutureTask<>(() -> {
            work.run();
            return null;
        });
        Thread thread = new Thread(task, "reader");
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    interface Work {
        void run() throws Exception;
    }

    /** Returns the files of pieces. */
    List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(path())) {
            return all.filter(file -> Files.isRegularFile(file)
                            && file.getFileName().toString().contains("-"))
                    .toList();
        }
    }

    List<Path> temporaries() throws IOException {
        try (Stream<Path> all = Files.list(path().resolve("tmp"))) {
            return all.toList();
        }
    }

    /** Returns the bytes of the files of pieces, in whole blocks, unfinished ones included. */
    long bytesOnDisk() {
        try (Stream<Path> all = Files.walk(path())) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> !List.of("lock", "order")
                            .contains(file.getFileName().toString()))
                    .mapToLong(file -> (file.toFile().length() + 4095) & -4096L)
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (UncheckedIOException deletedMeanwhile) {
            return bytesOnDisk();
        }
    }
}
