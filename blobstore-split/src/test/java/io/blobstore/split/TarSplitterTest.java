package io.blobstore.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.TarBuilder.Magic;
import io.blobstore.split.internal.input.SourceInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives that are made here, at random and for single rules; those of composefs-rs are in {@link TarVectorsTest}. */
@ExtendWith(LeakCheck.class)
class TarSplitterTest {
    private static final ObjectHash HASH = ObjectHash.SHA_256;

    @TempDir
    Path temporary;

    private SplitContent split(byte[] tar, Splitter splitter) throws IOException {
        SplitContent content =
                SplitContent.of(BlobSource.of(ByteBuffer.wrap(tar)), splitter, HASH, ContentType.OCI_LAYER, temporary);
        assertThat(MergedContent.merge(content.stream(), HASH, content.objects(), tar.length))
                .isEqualTo(ByteBuffer.wrap(tar));
        return content;
    }

    private void assertRefused(TarBuilder tar, long offset, String problem) {
        assertThatThrownBy(() -> split(tar.archive(), Splitter.tar()))
                .isInstanceOfSatisfying(
                        TarFormatException.class,
                        refused -> assertThat(refused.offset()).isEqualTo(offset))
                .hasMessageContaining(problem);
    }

    private static TarBuilder tar() {
        return new TarBuilder(Splitter.TAR_INLINE);
    }

    @Test
    void randomArchivesAreCutAtTheirFilesAndMergeByteForByte() throws IOException {
        for (int seed = 0; seed < CampaignScale.of(1000); seed++) {
            int inlineUpTo = seed % 3 == 0 ? 1000 : Splitter.TAR_INLINE;
            TarBuilder tar = RandomTar.of(seed, inlineUpTo);
            Splitter splitter = seed % 2 == 0 ? Splitter.tar(inlineUpTo) : Splitter.lenientTar(inlineUpTo);
            assertThat(split(tar.archive(), splitter).chunks())
                    .as("seed %d", seed)
                    .isEqualTo(tar.chunks());
        }
    }

    /** A splitter may refuse a damaged archive or not notice it; it never loses or changes a byte. */
    @Test
    void randomDamageIsRefusedOrMergesByteForByte() throws IOException {
        int refused = 0;
        int rounds = CampaignScale.of(2000);
        for (int seed = 0; seed < rounds; seed++) {
            byte[] tar = damaged(RandomTar.of(seed, Splitter.TAR_INLINE).archive(), new Random(seed));
            split(tar, Splitter.lenientTar(Splitter.TAR_INLINE));
            try {
                split(tar, Splitter.tar());
            } catch (TarFormatException e) {
                assertThat(e.offset()).isBetween(0L, (long) tar.length);
                refused++;
            }
        }
        assertThat(refused).isBetween(rounds / 10, rounds * 9 / 10);
    }

    private static byte[] damaged(byte[] tar, Random random) {
        byte[] damaged = tar.clone();
        if (tar.length > 0 && random.nextInt(3) > 0) {
            for (int i = random.nextInt(3); i >= 0; i--) {
                damaged[random.nextInt(tar.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
            }
        } else {
            damaged = Arrays.copyOf(damaged, random.nextInt(tar.length + 1));
        }
        return damaged;
    }

    @Test
    void anythingIsAnArchiveForALenientSplitter() throws IOException {
        Random random = new Random(1);
        for (int round = 0; round < 100; round++) {
            byte[] garbage = new byte[random.nextInt(5000)];
            random.nextBytes(garbage);
            assertThat(split(garbage, Splitter.lenientTar(0)).objects()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 64, 65, 512, 70_000})
    void filesUpToTheBoundStayInline(int bound) throws IOException {
        byte[] atBound = new byte[bound];
        byte[] above = new byte[bound + 1];
        TarBuilder tar = new TarBuilder(bound)
                .header("at", '0', bound, Magic.USTAR)
                .file(atBound, 0)
                .header("above", '0', bound + 1, Magic.USTAR)
                .file(above, 0)
                .zeros(2);
        SplitContent content = split(tar.archive(), Splitter.tar(bound));
        assertThat(content.chunks()).isEqualTo(tar.chunks());
        assertThat(content.objects()).hasSize(1);
    }

    @Test
    void aNegativeBoundIsRefused() {
        assertThatThrownBy(() -> Splitter.tar(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theNamesOfEntriesAreThoseThatCount() {
        byte[] content = new byte[100];
        assertRefusedAs("a/long/name", tar().longName("a/long/name", 'L').header("short", '0', 100, Magic.GNU));
        assertRefusedAs(
                "of/pax",
                tar().longName("of/gnu", 'L').pax('x', "path", "of/pax").header("short", '0', 100, Magic.USTAR));
        assertRefusedAs("file", tar().header("file", '0', 100, Magic.V7));
        assertRefusedAs(
                "second",
                tar().header("first", '0', 100, Magic.V7).file(content, 0).header("second", '0', 100, Magic.V7));
    }

    private void assertRefusedAs(String name, TarBuilder cut) {
        assertThatThrownBy(() -> split(cut.archive(), Splitter.tar()))
                .isInstanceOfSatisfying(
                        TarFormatException.class,
                        refused -> assertThat(refused.entry()).contains(name))
                .hasMessageContaining("the input ends after 0 of its 100 bytes");
    }

    @Test
    void theOffsetIsThatOfTheFirstHeaderOfTheEntry() {
        TarBuilder tar = tar().header("first", '0', 3, Magic.USTAR).file(new byte[3], 0);
        long offset = tar.size();
        assertRefused(tar.pax('x', "size", "12a").header("second", '0', 3, Magic.USTAR), offset, "'size'");
    }

    @Test
    void metadataWithoutAnEntryAreRefused() {
        assertRefused(tar().longName("name", 'L'), 0, "the input ends instead of a header");
        assertRefused(tar().longName("name", 'K').zeros(2), 0, "the archive ends after metadata");
        assertRefused(tar().pax('x', "path", "p").zeros(2), 0, "the archive ends after metadata");
        assertRefused(tar().pax('x', "a", "b").pax('x', "a", "b"), 0, "two headers of type x");
        assertRefused(tar().longName("l", 'K').longName("l", 'K'), 0, "two headers of type K");
    }

    @Test
    void metadataAreBounded() throws IOException {
        String half = "n".repeat(1 << 19);
        TarBuilder within = tar().longName(half.substring(1), 'L')
                .longName(half.substring(1), 'K')
                .header("f", '0', 100, Magic.GNU)
                .file(new byte[100], 0)
                .zeros(2);
        assertThat(split(within.archive(), Splitter.tar()).chunks()).isEqualTo(within.chunks());
        TarBuilder beyond = tar().longName(half, 'L').longName(half, 'K').header("f", '0', 0, Magic.GNU);
        assertRefused(beyond, 0, "more than 1048576 bytes");
        assertRefused(tar().header("g", 'g', (1 << 20) + 1, Magic.USTAR), 0, "more than 1048576 bytes");
    }

    @Test
    void sparseFilesAreRefusedInAllFormats() {
        assertRefused(tar().header("f", 'S', 0, Magic.GNU), 0, "sparse");
        String[][] formats = {
            {"GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "10"},
            {"GNU.sparse.map", "0,1"},
            {"GNU.sparse.offset", "0", "GNU.sparse.numbytes", "1"}
        };
        for (String[] records : formats) {
            assertRefused(tar().pax('x', records).header("f", '0', 0, Magic.USTAR), 0, "sparse");
        }
    }

    @Test
    void fieldsThatDoNotMatterMustBeNumbersAllTheSame() {
        for (String key : new String[] {"uid", "gid", "mtime", "size"}) {
            for (String value : new String[] {"x", "", "-1", "1 ", "99999999999999999999"}) {
                assertRefused(tar().pax('x', key, value).header("f", '0', 0, Magic.USTAR), 0, "'" + key + "'");
            }
        }
    }

    /** That of the header may be impossible then. */
    @Test
    void theSizeOfAPaxHeaderCountsWhateverTheOtherOneIs() throws IOException {
        byte[] content = new byte[100];
        TarBuilder tar = tar().pax('x', "size", "100")
                .header("f", '0', Long.MIN_VALUE + 5, Magic.USTAR)
                .file(content, 0)
                .zeros(2);
        assertThat(split(tar.archive(), Splitter.tar()).chunks()).isEqualTo(tar.chunks());
        assertRefused(tar().header("f", '0', ~(1L << 40), Magic.USTAR), 0, "the input ends after 0 of");
        assertRefused(tar().header("f", '0', Long.MIN_VALUE, Magic.USTAR), 0, "is not possible");
    }

    @Test
    void contentsOfOtherEntriesMustBeWholeToo() {
        assertRefused(tar().header("d", '5', 600, Magic.USTAR).bytes(new byte[600]), 0, "ends inside the padding");
        assertRefused(tar().header("d", '5', 600, Magic.USTAR).bytes(new byte[10]), 0, "ends after 10 of its 600");
    }

    @Test
    void objectsAreNamedByTheirEntries() throws IOException {
        byte[] tar = tar().pax('x', "path", "p/ü")
                .header("short", '0', 100, Magic.USTAR)
                .file(new byte[100], 0)
                .zeros(2)
                .archive();
        StringBuilder names = new StringBuilder();
        try (SourceInput input = SourceInput.open(BlobSource.of(ByteBuffer.wrap(tar)))) {
            Splitter.tar().split(input, new SplitSink() {
                @Override
                public void inline(long length) throws IOException {
                    input.consume(length);
                }

                @Override
                public void object(long length, @Nullable String entry) throws IOException {
                    input.consume(length);
                    names.append(entry).append(' ').append(length);
                }
            });
        }
        assertThat(names).hasToString("p/ü 100");
    }
}
