package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.bench.MemoryImage.Change;
import io.blobstore.bench.Resends.Cut;
import io.blobstore.bench.Resends.Sent;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What is sent to an S3 server when content has changed is bounded; the numbers of bytes do not depend on time. */
@ExtendWith(LeakCheck.class)
class ResendTest {
    private static final double SHARE = 0.05;

    @TempDir
    Path directory;

    private MemoryImage image(long mib) throws IOException {
        return MemoryImage.create(directory.resolve("image"), mib << 20);
    }

    @Test
    void anImageOfWhichFivePercentChangedSendsAtMostSixPercent() throws Exception {
        List<Sent> sent = Resends.changedPages(image(256), Cut.KIB_64, SHARE, Change.CLUSTERED);
        assertThat(sent.get(0).percent()).isBetween(100.0, 100.2); // the stream has an id for each block
        assertThat(sent.get(1).percent()).isBetween(5.0, 6.0);
        // One request for each block, one for each missing one, and some for the stream, its name and the session.
        long blocks = (256 << 20) / (64 << 10);
        assertThat(sent.get(1).received().requests()).isBetween(blocks, (long) (1.07 * blocks));
    }

    /** A changed block has the 16 pages of 64 KiB: it is unchanged with a probability of 0.95 to the power of 16. */
    @Test
    void singlePagesMakeMostBlocksChange() throws Exception {
        List<Sent> sent = Resends.changedPages(image(32), Cut.KIB_64, SHARE, Change.SCATTERED);
        assertThat(sent.get(1).percent()).isBetween(53.0, 60.0);
    }

    @Test
    void aByteAtTheFrontSendsAtMostTwoPercentOfContentDefinedBlocks() throws Exception {
        MemoryImage image = image(64);
        assertThat(Resends.insertedByte(image.file(), Cut.CONTENT_DEFINED).percent())
                .isBetween(0.01, 2.0);
    }

    @Test
    void aByteAtTheFrontSendsEveryFixedBlock() throws Exception {
        assertThat(Resends.insertedByte(image(4).file(), Cut.KIB_64).percent()).isBetween(100.0, 101.0);
    }

    /** Larger blocks send more: at most the blocks that a run of pages touches. */
    @Test
    @Campaign(representedBy = ResendTest.class)
    void largerBlocksSendMore() throws Exception {
        MemoryImage image = image(256);
        double last = 5;
        for (Cut cut : List.of(Cut.KIB_64, Cut.KIB_256, Cut.MIB_1, Cut.MIB_4)) {
            double percent = Resends.changedPages(image, cut, SHARE, Change.CLUSTERED)
                    .get(1)
                    .percent();
            assertThat(percent).as(cut.title).isBetween(last, 100.0);
            last = percent;
        }
    }

    @Test
    void anImageChangesByPagesAndIsRestored() throws Exception {
        MemoryImage image = image(2);
        Path before = Files.copy(image.file(), directory.resolve("before"), StandardCopyOption.REPLACE_EXISTING);
        for (Change change : Change.values()) {
            BitSet changed = change.of(512, SHARE);
            assertThat(changed.cardinality()).isEqualTo(26); // 5 % of 512
            image.change(changed);
            byte[] old = Files.readAllBytes(before);
            byte[] now = Files.readAllBytes(image.file());
            for (int page = 0; page < 512; page++) {
                int from = page * MemoryImage.PAGE;
                int to = from + MemoryImage.PAGE;
                assertThat(Arrays.equals(old, from, to, now, from, to)).isEqualTo(!changed.get(page));
            }
            image.restore(changed);
            assertThat(Files.mismatch(before, image.file())).isEqualTo(-1);
        }
    }

    @Test
    void changesComeInRunsOrAlone() {
        assertThat(averageRun(Change.CLUSTERED.of(1 << 20, SHARE))).isBetween(100.0, 160.0);
        assertThat(averageRun(Change.SCATTERED.of(1 << 20, SHARE))).isBetween(1.0, 1.1);
    }

    private static double averageRun(BitSet pages) {
        int runs = 0;
        for (int from = pages.nextSetBit(0); from >= 0; from = pages.nextSetBit(pages.nextClearBit(from))) {
            runs++;
        }
        return (double) pages.cardinality() / runs;
    }
}
