package io.blobstore.cache.pieces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.ByteRange;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.ProcessMaps;
import io.blobstore.memory.Lease;
import io.blobstore.transfer.PatternStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Mapped views of cached ranges. */
@Tag("jdk")
class PieceViewTest extends PieceFixture {
    private Optional<Lease> view(ByteRange range) throws IOException {
        return cache().view(remote, blob(), range);
    }

    @Test
    void aViewHasABufferForEachPieceOfARange() throws Exception {
        read(0, (int) SIZE);
        remote.clearReads();

        try (Lease view = view(ByteRange.of(PIECE - 10, PIECE + 30)).orElseThrow()) {
            assertThat(view.buffers()).extracting(ByteBuffer::remaining).containsExactly(10, PIECE, 20);
            long at = PIECE - 10;
            for (ByteBuffer buffer : view.buffers()) {
                assertThat(buffer.isDirect()).isTrue();
                assertThat(buffer.isReadOnly()).isTrue();
                int bytes = buffer.remaining();
                PatternStore.assertContent(at, buffer);
                at += bytes;
            }
        }
        assertThat(remote.reads()).isEmpty();
    }

    @Test
    void thereIsNoViewIfAPieceIsMissing() throws Exception {
        read(0, PIECE);
        read(2 * PIECE, PIECE);

        assertThat(view(ByteRange.of(0, 3 * PIECE))).isEmpty();

        assertThat(remote.reads()).hasSize(2);
    }

    @Test
    void anEmptyRangeHasNoBuffers() throws Exception {
        try (Lease view = view(ByteRange.of(0, 0)).orElseThrow()) {
            assertThat(view.buffers()).isEmpty();
        }
    }

    @Test
    void theLastViewUnmapsAndAfterThatItIsUnusable() throws Exception {
        ProcessMaps.assumeReadable();
        read(0, PIECE);
        Path file = files().get(0);
        Lease one = view(ByteRange.of(0, 10)).orElseThrow();
        Lease two = view(ByteRange.of(10, 10)).orElseThrow();

        one.close();
        one.close();
        assertThat(ProcessMaps.contains(file)).isTrue();
        two.close();

        assertThat(ProcessMaps.contains(file)).isFalse();
        assertThatThrownBy(two::buffers).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aRemovedPieceStaysUntilItsViewIsClosed() throws Exception {
        read(0, PIECE);
        try (Lease view = view(ByteRange.of(0, PIECE)).orElseThrow()) {
            cache().remove(remote, PatternStore.KEY);

            assertThat(cache().stats().bytes()).isEqualTo(PIECE); // still on the disk
            assertThat(bytesOnDisk()).isEqualTo(PIECE);
            read(0, PIECE); // another file
            PatternStore.assertContent(0, view.buffers().get(0));
        }
        assertThat(files()).hasSize(1);
        assertThat(cache().stats().bytes()).isEqualTo(PIECE);
        remote.clearReads();
        read(0, PIECE);
        assertThat(remote.reads()).isEmpty();
    }

    @Test
    void aViewOutlivesTheCacheAndKeepsTheDirectoryLocked() throws Exception {
        read(0, PIECE);
        try (Lease view = view(ByteRange.of(0, PIECE)).orElseThrow()) {
            close();

            PatternStore.assertContent(0, view.buffers().get(0));
            assertThatThrownBy(this::cache).hasMessageContaining("is open");
        }
        read(0, PIECE);
    }

    @Test
    void aDamagedPieceHasNoView() throws Exception {
        read(0, PIECE);
        close();
        Path file = files().get(0);
        byte[] content = Files.readAllBytes(file);
        content[PIECE - 1] ^= 64;
        Files.write(file, content);

        assertThat(view(ByteRange.of(0, 1))).isEmpty();
        assertThat(cache().stats().damaged()).isEqualTo(1);
        assertThat(files()).isEmpty();
    }

    @Test
    void aViewCopiesNothing() throws Exception {
        read(0, (int) SIZE);
        List<ByteRange> all = List.of(ByteRange.all());
        for (int i = 0; i < 3; i++) {
            view(all.get(0)).orElseThrow().close();
        }

        assertThat(AllocatedBytes.of(() -> view(all.get(0)).orElseThrow().close()))
                .isLessThan(SIZE / 3);
    }
}
