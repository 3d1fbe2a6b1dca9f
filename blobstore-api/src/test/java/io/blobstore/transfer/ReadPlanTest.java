package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.memory.MappedFile;
import io.blobstore.memory.MappedRegion;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which requests a read sends, and that the target then has the content. */
@Timeout(120)
class ReadPlanTest {
    private static final byte[] CONTENT = content(95);

    @TempDir
    private Path directory;

    static byte[] content(int size) {
        byte[] content = new byte[size];
        new SplittableRandom(size).nextBytes(content);
        return content;
    }

    private static ReadResult read(ScriptedReads store, ByteRange range, BlobTarget target, long partSize)
            throws Exception {
        try (TransferManager reader = TransferManager.create()) {
            return reader.download(
                            store,
                            KEY,
                            range,
                            target,
                            DownloadOptions.builder()
                                    .partSize(partSize)
                                    .concurrency(3)
                                    .build())
                    .join();
        }
    }

    // ---- one request

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 95})
    void aSmallBlobIsOneRequestWhateverItIsReadInto(int size) throws Exception {
        byte[] content = content(size);
        for (BlobTarget target : List.of(
                BlobTarget.of(ByteBuffer.allocateDirect(size)),
                BlobTarget.of(ByteBuffer.allocate(size + 10)),
                BlobTarget.ofPath(directory.resolve("file")))) {
            ScriptedReads store = ScriptedReads.of(content).withoutChecksumInParts();

            ReadResult read = read(store, ByteRange.all(), target, 100);

            assertThat(store.requests()).as("%s", target).hasSize(1);
            assertThat(read.length()).isEqualTo(size);
            assertThat(read.checksum()).isEqualTo(Crc32c.of(ByteBuffer.wrap(content)));
        }
        assertThat(directory.resolve("file")).hasBinaryContent(content);
    }

    @Test
    void aRangeThatIsNotLargerThanAPartIsRequestedUnchanged() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT).withoutChecksumInParts();
        ByteBuffer target = ByteBuffer.allocate(50);

        ReadResult read = read(store, ByteRange.of(30, 20), BlobTarget.of(target), 20);

        assertThat(store.requests()).containsExactly("READ 30+20");
        assertThat(read.length()).isEqualTo(20);
        assertThat(target.position()).isEqualTo(20);
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT, 30, 20));
    }

    // ---- several requests

    @ParameterizedTest
    @CsvSource({"94, 2", "48, 2", "47, 3", "10, 10", "1, 95"})
    void beyondThePartSizeABlobIsReadInPartsOfOneVersion(int partSize, int parts) throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT);
        ByteBuffer target = ByteBuffer.allocateDirect(95 + 7).position(3);

        ReadResult read = read(store, ByteRange.all(), BlobTarget.of(target), partSize);

        List<String> expected = new ArrayList<>(List.of("READ 0+" + partSize));
        for (int at = partSize; at < 95; at += partSize) {
            expected.add("READ " + at + "+" + Math.min(partSize, 95 - at) + " of v1");
        }
        assertThat(expected).hasSize(parts);
        assertThat(store.requests())
                .containsExactlyInAnyOrderElementsOf(expected)
                .startsWith(expected.get(0));
        assertThat(target.position()).isEqualTo(3 + 95);
        assertThat(target.limit()).isEqualTo(102);
        assertThat(target.flip().position(3)).isEqualTo(ByteBuffer.wrap(CONTENT));
        assertThat(read.blob()).isEqualTo(store.head(KEY));
        assertThat(read.checksum()).isEqualTo(Crc32c.of(ByteBuffer.wrap(CONTENT)));
    }

    @Test
    void theChecksumOfTheWholeIsRequestedOnceIfNoResponseHasIt() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT).withoutChecksumInParts();

        ReadResult read = read(store, ByteRange.all(), BlobTarget.of(ByteBuffer.allocate(95)), 10);

        assertThat(store.requests()).hasSize(11).containsOnlyOnce("HEAD");
        assertThat(read.blob().checksum()).contains(Crc32c.of(ByteBuffer.wrap(CONTENT)));
    }

    @Test
    void withoutAChecksumTheVersionIsConfirmedAfterTheLastPart() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT).withoutChecksums();

        ReadResult read = read(store, ByteRange.all(), BlobTarget.of(ByteBuffer.allocate(95)), 10);

        assertThat(store.requests()).hasSize(12).endsWith("HEAD");
        assertThat(read.blob().checksum()).isEmpty();
        assertThat(read.checksum()).isEqualTo(Crc32c.of(ByteBuffer.wrap(CONTENT)));
    }

    @Test
    void aBlobReadWithOneRequestIsNotConfirmed() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT).withoutChecksums();

        read(store, ByteRange.all(), BlobTarget.of(ByteBuffer.allocate(95)), 95);

        assertThat(store.requests()).hasSize(1);
    }

    @Test
    void forARangeTheChecksumOfTheWholeIsNotRequested() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT).withoutChecksumInParts();

        ReadResult read = read(store, ByteRange.from(1), BlobTarget.of(ByteBuffer.allocate(95)), 10);

        assertThat(store.requests()).hasSize(10).doesNotContain("HEAD");
        assertThat(read.blob().checksum()).isEmpty();
        assertThat(read.checksum()).isEqualTo(Crc32c.of(ByteBuffer.wrap(CONTENT, 1, 94)));
    }

    @Test
    void theRequestedVersionIsReadFromTheFirstRequestOn() throws Exception {
        ScriptedReads store = ScriptedReads.of(content(50));
        ReadOptions second = ReadOptions.ifMatch(store.replace(CONTENT));
        try (TransferManager reader = TransferManager.create()) {
            reader.download(
                            store,
                            KEY,
                            ByteRange.all(),
                            BlobTarget.of(ByteBuffer.allocate(95)),
                            DownloadOptions.builder().partSize(50).read(second).build())
                    .join();
        }
        assertThat(store.requests()).containsExactly("READ 0+50 of v2", "READ 50+45 of v2");
    }

    @ParameterizedTest
    @CsvSource({
        "EXACT, 7, 61",
        "EXACT, 0, 95",
        "EXACT, 95, 0",
        "AT_MOST, 7, 61",
        "AT_MOST, 40, 1000",
        "AT_MOST, 95, 1000",
        "AT_MOST, 7, 9223372036854775800",
        "TO_END, 7, 9223372036854775807",
        "TO_END, 95, 9223372036854775807"
    })
    void everyKindOfRangeIsReadInParts(ByteRange.Kind kind, long offset, long length) throws Exception {
        ByteRange range = new ByteRange(offset, length, kind);
        byte[] expected = Arrays.copyOfRange(CONTENT, (int) offset, (int) Math.min(95, offset + Math.min(length, 95)));
        Path path = directory.resolve("file");
        for (int partSize = 1; partSize < 100; partSize += 7) {
            ByteBuffer target = ByteBuffer.allocate(95);

            assertThat(read(ScriptedReads.of(CONTENT), range, BlobTarget.of(target), partSize)
                            .length())
                    .isEqualTo(expected.length);
            read(ScriptedReads.of(CONTENT), range, BlobTarget.ofPath(path), partSize);

            assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(expected));
            assertThat(path).hasBinaryContent(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 30, 50})
    void aRangeOfAtMostSomeBytesEndsWithTheTarget(int partSize) throws Exception {
        ByteBuffer target = ByteBuffer.allocate(60).position(10).limit(40);

        ReadResult read = read(ScriptedReads.of(CONTENT), ByteRange.atMost(5, 80), BlobTarget.of(target), partSize);

        assertThat(read.length()).isEqualTo(30);
        assertThat(target.position()).isEqualTo(40);
        assertThat(target.slice(10, 30)).isEqualTo(ByteBuffer.wrap(CONTENT, 5, 30));
        assertThat(target.clear().slice(40, 20)).isEqualTo(ByteBuffer.allocate(20));
    }

    // ---- invalid reads

    @ParameterizedTest
    @CsvSource({
        "EXACT, 0, 96",
        "EXACT, 96, 0",
        "AT_MOST, 96, 5",
        "TO_END, 96, 9223372036854775807",
        "TO_END, 9223372036854775806, 9223372036854775807",
        "EXACT, 90, 9223372036854775700",
        "AT_MOST, 9223372036854775807, 0"
    })
    void aRangeOutsideOfTheBlobIsRefused(ByteRange.Kind kind, long offset, long length) throws Exception {
        ByteRange range = new ByteRange(offset, length, kind);
        for (int partSize : new int[] {10, 1000}) {
            assertThatExceptionOfType(RangeNotSatisfiableException.class)
                    .isThrownBy(() -> read(
                            ScriptedReads.of(CONTENT), range, BlobTarget.ofPath(directory.resolve("file")), partSize));
        }
        assertThat(directory).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 94, 1000})
    void aTargetTooSmallForTheRestOfTheBlobIsRefused(int partSize) throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT);
        ByteBuffer target = ByteBuffer.allocate(100).position(6);

        assertThatExceptionOfType(RangeNotSatisfiableException.class)
                .isThrownBy(() -> read(store, ByteRange.all(), BlobTarget.of(target), partSize));

        assertThat(target.position()).isEqualTo(6);
        assertThat(store.requests()).hasSize(1);
    }

    @Test
    void misuseIsRefusedBeforeAnyRequest() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT);
        Path path = Files.write(directory.resolve("file"), new byte[100]);
        try (MappedFile readOnly = MappedFile.open(path)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> read(store, ByteRange.all(), readOnly.region(), 10))
                    .withMessageContaining("read-only");
        }
        MappedFile file = MappedFile.open(path, MappedFile.Access.READ_WRITE);
        MappedRegion closed = file.region();
        file.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> read(store, ByteRange.all(), closed, 10))
                .withMessageContaining("closed");
        ByteBuffer small = ByteBuffer.allocate(10);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read(store, ByteRange.of(0, 11), BlobTarget.of(small), 10));
        assertThatIllegalArgumentException().isThrownBy(() -> BlobTarget.of(small.asReadOnlyBuffer()));
        assertThatIllegalArgumentException().isThrownBy(() -> ByteRange.of(-1, 5));
        assertThatIllegalArgumentException().isThrownBy(() -> ByteRange.atMost(2, Long.MAX_VALUE - 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DownloadOptions.builder().partSize(0).build());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DownloadOptions.builder().concurrency(0).build());
        assertThat(store.requests()).isEmpty();
        assertThat(file.isReleased()).isTrue();
    }
}
