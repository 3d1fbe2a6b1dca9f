package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.cas.StorageMode;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.fs.FsBlobStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What was acknowledged survives a kill of the process, and is stored once. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class WriteBackCrashTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int MAX_BLOBS = 30;

    @TempDir
    Path directory;

    /** A store whose requests fail while a file exists, and which logs what it has stored. */
    private static final class Logged extends ForwardingBlobStore {
        private final Path directory;
        private final Point point;

        Logged(Path directory, Point point) throws IOException {
            super(FsBlobStore.open(Files.createDirectories(directory.resolve("remote"))));
            this.directory = directory;
            this.point = point;
        }

        @Override
        public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
            if (Files.exists(directory.resolve("down"))) {
                throw new BlobStoreException(Operation.STORE, key, "the store is down", null, true);
            }
            point.haltIf(Point.BEFORE_UPLOAD);
            StoredBlob stored = super.store(key, content, options);
            Files.writeString(
                    directory.resolve("log"), key + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            point.haltIf(Point.AFTER_UPLOAD);
            return stored;
        }

        @Override
        public String toString() {
            return "logged";
        }
    }

    enum Point {
        NEVER,
        BEFORE_UPLOAD,
        AFTER_UPLOAD;

        void haltIf(Point point) {
            if (this == point) {
                Runtime.getRuntime().halt(9);
            }
        }
    }

    /** The contents of an open cache in front of the store. */
    private record Opened(ContentCache cache, CachedBlobStore store) implements AutoCloseable {
        static final CacheOptions CACHE = CacheOptions.builder()
                .maxBytes(64 << 20)
                .storageMode(StorageMode.UNCOMPRESSED)
                .build();

        static Opened open(Path directory, Point point, Duration closeTimeout) throws IOException {
            ContentCache cache = ContentCache.open(directory.resolve("cache"), CACHE);
            WriteBackOptions writeBack = WriteBackOptions.builder()
                    .maxBlobs(MAX_BLOBS)
                    .maxDelay(Duration.ofMillis(20))
                    .closeTimeout(closeTimeout)
                    .build();
            BlobStore remote = new Logged(directory, point);
            return new Opened(
                    cache,
                    CachedBlobStore.open(
                            remote,
                            cache,
                            CachedStoreOptions.builder().writeBack(writeBack).build()));
        }

        @Override
        public void close() throws IOException {
            store.close();
            cache.close();
        }
    }

    /** Stores blobs until it is killed, and reads each of them. */
    static final class Writer {
        private Writer() {}

        /** @param args the directory, the number of the round, and the point at which to halt */
        public static void main(String[] args) throws IOException {
            Path directory = Path.of(args[0]);
            int round = Integer.parseInt(args[1]);
            try (Opened opened = Opened.open(directory, Point.valueOf(args[2]), Duration.ZERO)) {
                for (int i = 0; ; i++) {
                    BlobKey key = BlobKey.of("blob-" + round + "-" + i);
                    byte[] content = content(key);
                    while (opened.store.stats().pendingBlobs() >= MAX_BLOBS) {
                        Thread.yield(); // the next one would wait for the store
                    }
                    opened.store.store(key, ByteBuffer.wrap(content));
                    System.out.println("acknowledged " + key);
                    ByteBuffer read = ByteBuffer.allocate(content.length);
                    opened.store.read(key, ByteRange.all(), read);
                    if (!read.flip().equals(ByteBuffer.wrap(content))) {
                        System.out.println("wrong " + key);
                    }
                }
            }
        }
    }

    private static byte[] content(BlobKey key) {
        SplittableRandom random = new SplittableRandom(key.hashCode());
        byte[] content = new byte[random.nextInt(200_000)];
        random.nextBytes(content);
        return content;
    }

    private List<String> run(int round, Point point, int acknowledged) throws IOException, InterruptedException {
        ChildJvm jvm = ChildJvm.of(Writer.class, directory);
        try (ChildJvm.Running child = jvm.start(directory.toString(), Integer.toString(round), point.toString())) {
            if (point == Point.NEVER) {
                String last = "acknowledged blob-" + round + "-" + acknowledged;
                child.awaitLine(last::equals, PATIENCE);
                child.kill();
            }
            ChildJvm.Exit exit = child.join(PATIENCE);
            assertThat(exit.code()).as(exit.output()).isEqualTo(point == Point.NEVER ? 137 : 9);
            assertThat(exit.output()).doesNotContain("wrong");
            return exit.output()
                    .lines()
                    .filter(line -> line.startsWith("acknowledged "))
                    .map(line -> line.substring("acknowledged ".length()))
                    .toList();
        }
    }

    private void assertStoredOnce(List<String> acknowledged) throws IOException {
        try (Opened opened = Opened.open(directory, Point.NEVER, PATIENCE)) {
            for (String name : acknowledged) {
                BlobKey key = BlobKey.of(name);
                CachedStoreFixture.read(opened.store, key, ByteRange.all(), content(key));
            }
        }
        try (BlobStore remote = FsBlobStore.open(directory.resolve("remote"))) {
            for (String name : acknowledged) {
                BlobKey key = BlobKey.of(name);
                CachedStoreFixture.read(remote, key, ByteRange.all(), content(key));
            }
        }
        Map<String, Long> stored = Files.readAllLines(directory.resolve("log")).stream()
                .collect(Collectors.groupingBy(Function.identity(), TreeMap::new, Collectors.counting()));
        assertThat(stored.values()).as("%s", stored).containsOnly(1L);
    }

    @ParameterizedTest
    @EnumSource(names = "NEVER", mode = EnumSource.Mode.EXCLUDE)
    void aBlobWhoseUploadWasCutOffByAKillIsStoredOnce(Point point) throws Exception {
        List<String> acknowledged = run(0, point, 0);

        assertThat(acknowledged).isNotEmpty();
        assertStoredOnce(acknowledged);
    }

    @Test
    void whatWaitsSurvivesEvictionsByWhoeverOpensTheCacheBeforeItsStore() throws Exception {
        Files.writeString(directory.resolve("down"), "");
        List<String> acknowledged = run(0, Point.NEVER, 10);

        try (ContentCache cache = ContentCache.open(directory.resolve("cache"), Opened.CACHE)) { // and is listing
            putMoreThanTheCacheHolds(cache, 1);
            cache.evictTo(0);
            try (CachedBlobStore other = CachedBlobStore.open(
                    new InMemoryBlobStore(),
                    cache,
                    CachedStoreOptions.builder()
                            .storeId("other")
                            .writeBack(WriteBackOptions.DEFAULT)
                            .build())) {
                other.store(BlobKey.of("other"), ByteBuffer.wrap(new byte[1000]));
                putMoreThanTheCacheHolds(cache, 2);
            }
            try (CachedBlobStore none = CachedBlobStore.open(new Logged(directory, Point.NEVER), cache)) {
                putMoreThanTheCacheHolds(cache, 3);
                assertThat(none.stats().pendingBlobs()).isZero();
            }
            assertThat(cache.stats().evictions()).isGreaterThan(40);
        }
        Files.delete(directory.resolve("down"));

        assertThat(acknowledged).hasSizeGreaterThan(10);
        assertStoredOnce(acknowledged);
    }

    private static void putMoreThanTheCacheHolds(ContentCache cache, int seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 20; i++) {
            byte[] content = new byte[4 << 20];
            random.nextBytes(content);
            BlobSource source = BlobSource.of(ByteBuffer.wrap(content));
            cache.put(Digest.of(source), source);
        }
    }

    @Test
    void whateverWasAcknowledgedBeforeAKillIsStoredOnce() throws Exception {
        List<String> acknowledged = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(1);
        int rounds = CampaignScale.of(30, 2);
        for (int round = 0; round < rounds; round++) {
            boolean down = round % 2 == 0;
            Path file = directory.resolve("down");
            if (down) {
                Files.writeString(file, "");
            } else {
                Files.deleteIfExists(file);
            }
            // Twenty at most: if the store is down in two rounds, those of both must fit into the bound.
            acknowledged.addAll(run(round, Point.NEVER, random.nextInt(down ? 10 : 20)));
        }
        Files.deleteIfExists(directory.resolve("down"));

        assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(rounds);
        assertStoredOnce(acknowledged);
    }
}
