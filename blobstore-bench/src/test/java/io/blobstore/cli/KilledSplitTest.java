package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.Splitter;
import io.blobstore.split.repository.BlobStoreObjects;
import io.blobstore.split.repository.CollectOptions;
import io.blobstore.split.repository.CollectReport;
import io.blobstore.split.repository.FsckOptions;
import io.blobstore.split.repository.FsckReport;
import io.blobstore.split.repository.Repository;
import io.blobstore.split.repository.SplitEngine;
import io.blobstore.split.repository.SplitOptions;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Kills processes that split into a bucket, as {@code kill -9} does, at random moments: the ref leads to the old
 * content or to the whole new one, and nothing that has a name is damaged.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class KilledSplitTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int BLOCK = 64 << 10;
    private static final int BLOCKS = 24;

    /** The content of number n differs from that of n - 1 in these blocks. */
    private static final int CHANGED = 8;

    @TempDir
    Path directory;

    private static Repository repository(BlobStore store) {
        return Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
    }

    /** Returns a memory image; its first bytes are its number, and its blocks are those of other numbers in part. */
    private static ByteBuffer image(long number) {
        ByteBuffer image = ByteBuffer.allocateDirect(BLOCKS * BLOCK);
        for (int block = 0; block < BLOCKS; block++) {
            long seed = block == 0 || block % (BLOCKS / CHANGED) == 0 ? number * 100 + block : block;
            SplittableRandom random = new SplittableRandom(seed);
            for (int at = 0; at < BLOCK; at += Long.BYTES) {
                image.putLong(block * BLOCK + at, random.nextLong());
            }
        }
        return image.putLong(0, number);
    }

    /** Splits images of consecutive numbers until it is killed. */
    static final class Writer {
        public static void main(String[] args) throws Exception {
            long first = Long.parseLong(args[1]);
            try (BlobStore store = BlobStores.open(args[0]);
                    TransferManager transfers = TransferManager.create()) {
                System.out.println("ready");
                SplitOptions options = SplitOptions.builder()
                        .splitter(Splitter.fixed(BLOCK))
                        .ref("image")
                        .build();
                for (long number = first; ; number++) {
                    SplitEngine.of(transfers)
                            .split(repository(store), "image-" + number, BlobSource.of(image(number)), options)
                            .join();
                    System.out.println("split " + number);
                }
            }
        }
    }

    private void killAtRandomMoments(String uri, int rounds, long longestNanos) throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        long first = 1;
        for (int round = 0; round < rounds; round++) {
            long last;
            try (ChildJvm.Running child = ChildJvm.of(Writer.class, directory).start(uri, String.valueOf(first))) {
                child.awaitLine("ready"::equals, LIMIT);
                LockSupport.parkNanos(random.nextLong(longestNanos));
                child.kill();
                long splits = child.join(LIMIT)
                        .output()
                        .lines()
                        .filter(line -> line.startsWith("split "))
                        .count();
                last = first + splits - 1; // or one more, which was linked and not printed
            }
            first = last + 1;
            assertWholeAndOneOf(uri, last);
        }
    }

    private void assertWholeAndOneOf(String uri, long last) throws Exception {
        try (BlobStore store = BlobStores.open(uri);
                TransferManager transfers = TransferManager.create()) {
            Repository repository = repository(store);
            SplitEngine engine = SplitEngine.of(transfers);
            FsckReport report = engine.fsck(repository, FsckOptions.DEFAULT).join(LIMIT);
            assertThat(report.problems()).isEmpty();
            assertThat(report.foreign()).isEmpty();
            if (last > 0) {
                assertThat(repository.refs()).containsExactly("image");
            }
            if (!repository.refs().isEmpty()) {
                ByteBuffer merged = ByteBuffer.allocateDirect(BLOCKS * BLOCK);
                engine.merge(repository, "refs/image", BlobTarget.of(merged)).join(LIMIT);
                assertThat(merged.flip().getLong(0)).isBetween(last, last + 1);
                assertThat(merged).isEqualTo(image(merged.getLong(0)));
            }
            String newest = "image-" + (last + 1); // perhaps killed before its ref was changed
            if (repository.streams().contains(newest)) {
                ByteBuffer merged = ByteBuffer.allocateDirect(BLOCKS * BLOCK);
                engine.merge(repository, newest, BlobTarget.of(merged)).join(LIMIT);
                assertThat(merged.flip()).isEqualTo(image(last + 1));
            }
            CollectReport collected =
                    engine.collect(repository, CollectOptions.DEFAULT).join(LIMIT);
            assertThat(collected.isClean()).isTrue();
            assertThat(collected.objectsDeleted()).isZero(); // all are young
        }
    }

    @Test
    void aKilledSplitIntoADirectoryLeavesTheOldRefOrTheNewOne() throws Exception {
        Path root = Files.createDirectory(directory.resolve("store"));
        killAtRandomMoments("file:" + root + "?durability=none", CampaignScale.of(50, 2), 300_000_000);
        try (BlobStore opened = BlobStores.open("file:" + root); // deletes what dead processes have left
                Stream<Path> files = Files.walk(root.resolve(".blobstore/tmp"))) {
            assertThat(opened).isNotNull();
            assertThat(files.filter(file ->
                            Files.isRegularFile(file) && !file.toString().endsWith(".lock")))
                    .isEmpty();
        }
    }

    @Campaign(representedBy = KilledSplitTest.class)
    @ParameterizedTest
    @ValueSource(
            strings = {
                "BLOBSTORE_TEST_VERSITYGW_URI",
                "BLOBSTORE_TEST_MINIO_URI",
                "BLOBSTORE_TEST_MOTO_URI",
                "BLOBSTORE_TEST_GCS_URI"
            })
    void aKilledSplitIntoABucketLeavesTheOldRefOrTheNewOne(String variable) throws Exception {
        String uri = Optional.ofNullable(System.getenv(variable)).orElse("");
        assumeTrue(!uri.isEmpty(), variable + " is not set");
        empty(uri);
        try {
            killAtRandomMoments(uri, CampaignScale.of(50, 2), 1_500_000_000);
        } finally {
            empty(uri);
        }
    }

    private static void empty(String uri) throws IOException {
        try (BlobStore store = BlobStores.open(uri)) {
            for (String prefix : new String[] {"objects/", "streams/", ".split/"}) {
                store.deleteAll(prefix);
            }
        }
    }
}
