package io.blobstore.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreCapabilities.Support;
import io.blobstore.UploadedPart;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PartLayoutTest {
    private static final long MIB = 1 << 20;
    private static final long GIB = 1 << 30;
    private static final StoreCapabilities S3 = limits(5 * MIB, 5 * GIB, 10_000, 10_000 * 5 * GIB);

    @Test
    void aPlanCoversTheBlobWithinTheLimits() {
        for (long seed = 0; seed < 5_000; seed++) {
            Random random = new Random(seed);
            long min = 1 + random.nextInt(100);
            long max = min + random.nextInt(10_000);
            int parts = 1 + random.nextInt(500);
            StoreCapabilities limits = limits(min, max, parts, max * parts);
            long size = 1 + (long) (random.nextDouble() * max * parts);
            long wished = 1 + random.nextInt(20_000);

            PartLayout plan = PartLayout.plan(size, wished, limits);

            String what = "seed " + seed + ": " + plan + " within " + limits;
            assertThat(plan.partCount()).as(what).isBetween(1, parts);
            assertThat(plan.partSize()).as(what).isBetween(min, max);
            assertThatNoException().as(what).isThrownBy(() -> plan.requireWithin(limits));
            long covered = 0;
            for (int number = 1; number <= plan.partCount(); number++) {
                assertThat(plan.offset(number)).as(what).isEqualTo(covered);
                assertThat(plan.length(number)).as(what).isPositive();
                if (number < plan.partCount()) {
                    assertThat(plan.length(number)).as(what).isEqualTo(plan.partSize());
                }
                covered += plan.length(number);
            }
            assertThat(covered).as(what).isEqualTo(size);
        }
    }

    @Test
    void aPreferredPartSizeIsKeptWithinTheLimits() {
        assertThat(PartLayout.plan(GIB, 16 * MIB, S3)).isEqualTo(new PartLayout(GIB, 16 * MIB));
        assertThat(PartLayout.plan(GIB, 1, S3).partSize()).isEqualTo(5 * MIB);
        assertThat(PartLayout.plan(20 * GIB, Long.MAX_VALUE, S3).partSize()).isEqualTo(5 * GIB);
    }

    @Test
    void partsGrowToWholeMebibytesWhereThereWouldBeTooMany() {
        PartLayout plan = PartLayout.plan(1000 * GIB + 1, 16 * MIB, S3);

        assertThat(plan.partSize()).isEqualTo(103 * MIB);
        assertThat(plan.partCount()).isLessThanOrEqualTo(10_000);
    }

    @Test
    void partsGrowToTheMaximumSize() {
        assertThat(PartLayout.plan(450, 10, limits(1, 100, 5, 500)).partSize()).isEqualTo(100);
        assertThat(PartLayout.plan(500, 10, limits(1, 100, 5, 500)).partCount()).isEqualTo(5);
        assertThat(PartLayout.plan(S3.maxBlobSize(), MIB, S3)).isEqualTo(new PartLayout(S3.maxBlobSize(), 5 * GIB));
        assertThat(PartLayout.plan(Long.MAX_VALUE, 1, limits(1, Long.MAX_VALUE, 1, Long.MAX_VALUE))
                        .partCount())
                .isEqualTo(1);
    }

    @Test
    void aBlobThatIsTooLargeIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PartLayout.plan(S3.maxBlobSize() + 1, MIB, S3))
                .withMessageContaining("larger than the store allows");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PartLayout.plan(501, 100, limits(1, 100, 5, Long.MAX_VALUE)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PartLayout.plan(Long.MAX_VALUE, 1, limits(1, 1 << 20, 5, Long.MAX_VALUE)));
    }

    @Test
    void aLayoutOutsideTheLimitsIsRefused() {
        StoreCapabilities limits = limits(10, 100, 5, 400);

        assertThatNoException().isThrownBy(() -> {
            new PartLayout(1, 10).requireWithin(limits);
            new PartLayout(1, 1).requireWithin(limits); // the last part may be small
            new PartLayout(100, 5_000).requireWithin(limits);
            new PartLayout(400, 100).requireWithin(limits);
            new PartLayout(50, 10).requireWithin(limits);
        });
        for (PartLayout outside : new PartLayout[] {
            new PartLayout(51, 10), // too many
            new PartLayout(20, 9), // too small
            new PartLayout(202, 101), // too large
            new PartLayout(101, 101), // too large, though there is but one
            new PartLayout(401, 100)
        }) {
            assertThatIllegalArgumentException().as("%s", outside).isThrownBy(() -> outside.requireWithin(limits));
        }
    }

    @Test
    void partsAreNumberedFromOne() {
        PartLayout layout = new PartLayout(25, 10);

        assertThat(layout.partCount()).isEqualTo(3);
        assertThat(layout.offset(1)).isZero();
        assertThat(layout.offset(3)).isEqualTo(20);
        assertThat(layout.length(3)).isEqualTo(5);
        for (int number : new int[] {0, -1, 4, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> layout.offset(number));
            assertThatIllegalArgumentException().isThrownBy(() -> layout.length(number));
        }
    }

    @Test
    void aPartOfAnotherSizeIsRefused() {
        PartLayout layout = new PartLayout(25, 10);

        assertThatNoException().isThrownBy(() -> layout.requirePart(3, source(5)));
        assertThatIllegalArgumentException().isThrownBy(() -> layout.requirePart(3, source(10)));
        assertThatIllegalArgumentException().isThrownBy(() -> layout.requirePart(1, source(5)));
        assertThatIllegalArgumentException().isThrownBy(() -> layout.requirePart(4, source(5)));
    }

    @Test
    void offsetsBeyondAnIntAreNotCutShort() {
        PartLayout layout = new PartLayout(10_000 * 5 * GIB, 5 * GIB);

        assertThat(layout.offset(10_000)).isEqualTo(9_999 * 5 * GIB);
        assertThat(new PartLayout(Long.MAX_VALUE, Long.MAX_VALUE).partCount()).isEqualTo(1);
    }

    @Test
    void sizesBelowOneAndTooManyPartsAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new PartLayout(0, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new PartLayout(1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new PartLayout(1L << 31, 1));
        assertThat(new PartLayout((1L << 31) - 1, 1).partCount()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void theChecksumsOfAllPartsCombine() {
        ByteBuffer content = ByteBuffer.wrap("0123456789".getBytes(StandardCharsets.US_ASCII));
        PartLayout layout = new PartLayout(10, 4);
        List<UploadedPart> parts = IntStream.rangeClosed(1, 3)
                .mapToObj(number -> UploadedPart.of(
                        number, layout.length(number), Crc32c.of(content.slice((int) layout.offset(number), (int)
                                layout.length(number)))))
                .toList();

        assertThat(layout.checksum(parts)).isEqualTo(Crc32c.of(content));
        for (int missing = 1; missing <= 3; missing++) {
            int number = missing;
            List<UploadedPart> others =
                    parts.stream().filter(part -> part.partNumber() != number).toList();
            assertThatIllegalStateException()
                    .isThrownBy(() -> layout.checksum(others))
                    .withMessageContaining("part " + number + " of 3");
        }
    }

    @Test
    void aStreamOf5TiBFitsWhateverTheSizeOfItsFirstParts() {
        for (StoreCapabilities limits : List.of(S3, limits(5 * MIB, 5 * GIB, 10_000, 5L << 40))) {
            for (long first : List.of(5 * MIB, 16 * MIB, 100 * MIB, 524 * MIB)) {
                PartLayout layout = PartLayout.growing(first, limits);

                assertThat(layout.capacity(limits)).isBetween(5L << 40, limits.maxBlobSize());
                assertThat(layout.fullLength(1)).isEqualTo(first);
                assertThat(layout.fullLength(1000)).isEqualTo(first);
                assertThat(layout.fullLength(10_000)).isLessThanOrEqualTo(1200 * MIB);
            }
            PartLayout equal = PartLayout.growing(600 * MIB, limits);
            assertThat(equal).isEqualTo(PartLayout.ofUnknownSize(600 * MIB));
        }
        assertThat(PartLayout.growing(MIB, limits(1, GIB, Integer.MAX_VALUE, Long.MAX_VALUE)))
                .isEqualTo(PartLayout.ofUnknownSize(MIB));
    }

    @Test
    void partsThatGrowCoverTheBlob() {
        PartLayout growing = PartLayout.growing(16 * MIB, S3);
        long offset = 0;
        for (int part = 1; part <= 10_000; part++) {
            assertThat(growing.offset(part)).isEqualTo(offset);
            for (long size : List.of(1L, growing.fullLength(part))) {
                PartLayout known = new PartLayout(offset + size, growing.partSize(), growing.growth());
                assertThat(known.partCount()).isEqualTo(part);
                assertThat(known.length(part)).isEqualTo(size);
            }
            offset += growing.fullLength(part);
        }
        assertThat(offset).isGreaterThanOrEqualTo(5L << 40);
    }

    private static BlobSource source(int size) {
        return BlobSource.of(ByteBuffer.allocate(size));
    }

    private static StoreCapabilities limits(long minPart, long maxPart, int maxParts, long maxBlob) {
        return StoreCapabilities.builder()
                .minPartSize(minPart)
                .maxPartSize(maxPart)
                .maxParts(maxParts)
                .maxBlobSize(maxBlob)
                .conditionalStore(Support.NATIVE)
                .build();
    }
}
