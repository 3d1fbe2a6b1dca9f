package io.blobstore.cache.pieces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.ReadResult;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.transfer.PatternStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Reading through the pieces, one thread. */
@Tag("jdk")
class PieceCacheTest extends PieceFixture {
    @Test
    void aColdReadFetchesWholePiecesWithOneRequestAndAWarmOneNone() throws Exception {
        read(PIECE + 10, 2 * PIECE); // pieces 1 to 3

        assertThat(remote.reads()).containsExactly(new PatternStore.Read(PIECE, 3 * PIECE));
        read(PIECE + 10, 2 * PIECE);
        read(3 * PIECE + 5, 10);
        assertThat(remote.reads()).hasSize(1);
        assertThat(files()).hasSize(3);
        assertThat(temporaries()).isEmpty();
    }

    @Test
    void onlyTheMissingPiecesBetweenPresentOnesAreFetched() throws Exception {
        read(2 * PIECE, 1);
        read(5 * PIECE, 1);
        remote.clearReads();

        read(0, (int) SIZE);

        assertThat(remote.reads())
                .containsExactly(
                        new PatternStore.Read(0, 2 * PIECE),
                        new PatternStore.Read(3 * PIECE, 2 * PIECE),
                        new PatternStore.Read(6 * PIECE, SIZE - 6 * PIECE));
    }

    @Test
    void arbitraryRangesHaveTheContentOfTheBlob() throws Exception {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < CampaignScale.of(2000); i++) {
            int length = random.nextInt(4 * PIECE);
            read(random.nextLong(SIZE - length + 1), length);
        }
        assertThat(remote.bytes()).isEqualTo(SIZE); // each byte once
    }

    @Test
    void rangesBehaveAsInAStore() throws Exception {
        BlobMetadata blob = blob();
        ByteBuffer memory = ByteBuffer.allocateDirect(2 * PIECE);

        ReadResult toEnd = read(blob, ByteRange.from(SIZE - 100), memory);
        ReadResult atMost = read(blob, ByteRange.atMost(SIZE - 50, 1000), memory);
        ReadResult nothing = read(blob, ByteRange.from(SIZE), memory);

        assertThat(toEnd.length()).isEqualTo(100);
        assertThat(atMost.length()).isEqualTo(50);
        assertThat(nothing.length()).isZero();
        assertThat(memory.position()).isEqualTo(150);
        assertThatThrownBy(() -> read(blob, ByteRange.of(SIZE - 1, 2), memory))
                .isInstanceOf(RangeNotSatisfiableException.class);
        assertThatThrownBy(() -> read(blob, ByteRange.from(0), memory))
                .isInstanceOf(RangeNotSatisfiableException.class);
        assertThatThrownBy(() -> read(blob, ByteRange.of(0, 3 * PIECE), memory))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private ReadResult read(BlobMetadata blob, ByteRange range, ByteBuffer memory) throws IOException {
        return cache().read(remote, blob, range, BlobTarget.Window.of(memory));
    }

    @Test
    void anEmptyBlobHasNoPieces() throws Exception {
        remote.replace(0);

        assertThat(read(blob(), ByteRange.all(), ByteBuffer.allocate(0)).length())
                .isZero();
        assertThat(remote.reads()).isEmpty();
    }

    @Test
    void heapBuffersAreFilledAsWell() throws Exception {
        ByteBuffer memory = ByteBuffer.allocate(3 * PIECE);

        read(blob(), ByteRange.of(7, 3 * PIECE), memory);

        PatternStore.assertContent(7, memory.flip());
    }

    // ---- versions

    @Test
    void anotherVersionIsNeverReadFromTheOldPieces() throws Exception {
        BlobMetadata old = blob();
        read(0, PIECE);
        remote.replace(SIZE);
        remote.clearReads();

        ByteBuffer memory = ByteBuffer.allocateDirect(PIECE);
        read(blob(), ByteRange.of(0, PIECE), memory);

        assertThat(remote.reads()).hasSize(1);
        assertThatThrownBy(() -> PatternStore.assertContent(0, memory.flip())).isInstanceOf(AssertionError.class);
        read(remote, old, 0, PIECE); // still there, for those who read that version
        assertThatThrownBy(() -> read(remote, old, PIECE, 1)).isInstanceOf(PreconditionFailedException.class);
        assertThat(remote.reads()).hasSize(1);
    }

    @Test
    void piecesOfAReplacedVersionAreEvictedFirst() throws Exception {
        cache(4L * PIECE);
        BlobMetadata old = blob();
        read(0, 2 * PIECE);
        remote.replace(SIZE);
        BlobMetadata current = blob();
        readAnything(current, 0);
        read(remote, old, 0, 2 * PIECE); // used last, but outdated

        readAnything(current, 2 * PIECE);
        readAnything(current, 3 * PIECE);

        remote.clearReads();
        readAnything(current, 0);
        assertThat(remote.reads()).isEmpty();
    }

    private void readAnything(BlobMetadata blob, long offset) throws IOException {
        read(blob, ByteRange.of(offset, 1), ByteBuffer.allocateDirect(1));
    }

    @Test
    void storesWithOtherDescriptionsShareNothing() throws Exception {
        FaultyBlobStore other = FaultyBlobStore.over(remote).build();
        read(0, 1);

        read(other, blob(), 0, 1);

        assertThat(other.requests()).isEqualTo(1);
        assertThat(files()).hasSize(2);
    }

    @Test
    void removingABlobRemovesItsFiles() throws Exception {
        read(0, (int) SIZE);

        cache().remove(remote, PatternStore.KEY);

        assertThat(files()).isEmpty();
        assertThat(bytesOnDisk()).isZero();
        read(0, 1);
    }

    // ---- across restarts

    @Test
    void piecesSurviveARestart() throws Exception {
        read(0, (int) SIZE);
        remote.clearReads();

        reopened();
        read(0, (int) SIZE);
        read(PIECE + 1, 100);

        assertThat(remote.reads()).isEmpty();
    }

    @Test
    void aFlippedBitInAFileIsNeverDelivered() throws Exception {
        read(0, 3 * PIECE);
        close();
        for (Path file : files()) {
            flip(file, PIECE / 2);
        }
        remote.clearReads();

        read(PIECE + 1, 10); // another part of the piece than the damaged one
        read(0, 3 * PIECE);

        assertThat(remote.bytes()).isEqualTo(3 * PIECE);
        reopened();
        read(0, 3 * PIECE);
        assertThat(remote.bytes()).isEqualTo(3 * PIECE);
    }

    @Test
    void aPieceDamagedWhileTheCacheIsOpenIsFoundWhenItIsReadAsAWhole() throws Exception {
        read(0, PIECE);
        flip(files().get(0), 5);

        assertThatThrownBy(() -> read(0, PIECE)).hasMessageContaining("damaged");

        read(0, PIECE);
    }

    @Test
    void zeroedTruncatedAndExtendedFilesAreFetchedAgain() throws Exception {
        read(0, 3 * PIECE);
        close();
        Path zeroed = files().get(0);
        Files.write(zeroed, new byte[Math.toIntExact(Files.size(zeroed))]);
        Files.write(files().get(1), new byte[PIECE / 2]);
        Files.write(files().get(2), new byte[1], StandardOpenOption.APPEND);
        remote.clearReads();

        read(0, 3 * PIECE);

        assertThat(remote.bytes()).isEqualTo(3 * PIECE);
        assertThat(files()).hasSize(3);
    }

    @Test
    void aFileThatVanishesIsFetchedAgain() throws Exception {
        read(0, PIECE);
        Files.delete(files().get(0));

        read(0, PIECE);

        assertThat(remote.reads()).hasSize(2);
    }

    private static void flip(Path file, int at) throws IOException {
        byte[] content = Files.readAllBytes(file);
        content[at] ^= 1;
        Files.write(file, content);
    }

    // ---- content of the whole

    @Test
    void aWrongByteInOnePieceIsFoundWhenTheBlobIsComplete() throws Exception {
        remote.reportingChecksum().damage(4 * PIECE + 17);
        read(0, 4 * PIECE);

        assertThatThrownBy(() -> read(4 * PIECE, (int) (SIZE - 4 * PIECE))).isInstanceOf(IntegrityException.class);

        assertThat(files()).isEmpty(); // it is not known which piece is wrong
        remote.damage(-1);
        read(0, (int) SIZE);
        assertThat(files()).hasSize(10);
    }

    // ---- memory

    @Test
    void warmReadsAllocateNothingThatGrowsWithTheirSize() throws Exception {
        ByteBuffer memory = ByteBuffer.allocateDirect((int) SIZE);
        BlobMetadata blob = blob();
        AllocatedBytes.Work whole =
                () -> cache().read(remote, blob, ByteRange.all(), BlobTarget.Window.of(memory.clear()));
        for (int i = 0; i < 3; i++) {
            whole.run();
        }

        assertThat(AllocatedBytes.of(whole)).isLessThan(SIZE / 5);
        assertThat(AllocatedBytes.of(
                        () -> cache().read(remote, blob, ByteRange.of(0, PIECE), BlobTarget.Window.of(memory.clear()))))
                .isLessThan(PIECE / 4);
    }
}
