package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.cache.AccessTrace;
import io.blobstore.cache.CachedBlobStore;
import io.blobstore.cache.CachedStoreOptions;
import io.blobstore.cache.WriteBackOptions;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheCommandTest {
    private static final int SIZE = 100_000;

    @TempDir
    Path directory;

    private Path cache;
    private final List<Digest> digests = new ArrayList<>();

    @BeforeEach
    void fill() throws IOException {
        cache = directory.resolve("cache");
        try (ContentCache opened = ContentCache.open(cache, CacheOptions.ofMaxBytes(1 << 30))) {
            for (int i = 0; i < 3; i++) {
                BlobSource content = content(i);
                digests.add(Digest.of(content));
                opened.put(digests.get(i), content);
            }
        }
    }

    private static BlobSource content(int seed) {
        byte[] bytes = new byte[SIZE];
        new Random(seed).nextBytes(bytes);
        return BlobSource.of(ByteBuffer.wrap(bytes));
    }

    private Cli run(String command, String... more) {
        return Cli.run(Stream.concat(Stream.of("cache", command, cache.toString()), Stream.of(more))
                .toArray());
    }

    private Cli succeed(String command, String... more) {
        Cli run = run(command, more);
        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        return run;
    }

    @Test
    void theOnlyCopyOfAnAcknowledgedBlobIsNotEvicted() throws IOException {
        CachedStoreOptions writeBack = CachedStoreOptions.builder()
                .writeBack(
                        WriteBackOptions.builder().closeTimeout(Duration.ZERO).build())
                .build();
        BlobStore down = new ForwardingBlobStore(BlobStores.open("mem:")) {
            @Override
            public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
                throw new IOException("down (scripted)");
            }
        };
        try (ContentCache opened = ContentCache.open(cache, CacheOptions.ofMaxBytes(1 << 30));
                CachedBlobStore store = CachedBlobStore.open(down, opened, writeBack)) {
            store.store(BlobKey.of("key"), content(9));
        }

        assertThat(succeed("evict", "--to", "0", "--json").json())
                .containsEntry("evicted", 3)
                .hasEntrySatisfying(
                        "pendingBytes", bytes -> assertThat((Integer) bytes).isGreaterThanOrEqualTo(SIZE));
        assertThat(succeed("verify", "--json").json()).containsEntry("entries", 1);
        assertThat(succeed("stat", "--json").json())
                .containsEntry("cas", 1)
                .containsEntry(
                        "pending", List.of(Map.of("store", down.toString(), "blobs", 1, "bytes", SIZE, "lost", 0)));
        assertThat(succeed("stat").out()).contains("waiting", "1 blobs to be uploaded to " + down);
    }

    @Test
    void theStateOfACacheIsPrinted() {
        assertThat(succeed("stat", "--json").json())
                .containsEntry("entries", 3)
                .containsEntry("cas", 3)
                .containsEntry("ac", 0)
                .containsEntry("contentBytes", 3 * SIZE)
                .hasEntrySatisfying(
                        "storedBytes", bytes -> assertThat((Integer) bytes).isGreaterThan(3 * SIZE));
        assertThat(succeed("stat").out()).contains("entries    3", "ratio");
    }

    @Test
    void entriesAreListedTheLeastRecentlyUsedFirst() {
        assertThat(succeed("list").out().lines())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .startsWith("CAS  " + digests.get(0).sha256().hex()),
                        line -> assertThat(line)
                                .startsWith("CAS  " + digests.get(1).sha256().hex()),
                        line -> assertThat(line)
                                .startsWith("CAS  " + digests.get(2).sha256().hex()));
        assertThat(succeed("list", "--json").jsonLines())
                .hasSize(3)
                .allSatisfy(entry ->
                        assertThat(entry).containsOnlyKeys("keyspace", "sha256", "contentBytes", "storedBytes"));
    }

    @Test
    void aCacheInUseCanBeLookedAtButNotChanged() throws IOException {
        try (ContentCache used = ContentCache.open(cache, CacheOptions.ofMaxBytes(1 << 30))) {
            assertThat(used.contains(digests.get(0))).isTrue();
            assertThat(succeed("list").out().lines()).hasSize(3);
            Cli evict = run("evict", "--to", "0");
            assertThat(evict.code()).isEqualTo(1);
            assertThat(evict.err().lines())
                    .singleElement()
                    .satisfies(line -> assertThat(line).contains(cache.toString()));
        }
    }

    @Test
    void damagedEntriesAreFoundAndRemoved() throws IOException {
        assertThat(succeed("verify", "--json").json())
                .containsEntry("entries", 3)
                .containsEntry("damaged", 0);
        Path file;
        try (Stream<Path> files = Files.walk(cache.resolve("cas.v2"))) {
            file = files.filter(path -> path.getFileName()
                            .toString()
                            .startsWith(digests.get(1).sha256().hex()))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(file);
        bytes[SIZE / 2] ^= 1;
        Files.write(file, bytes);

        Cli verify = run("verify");

        assertThat(verify.code()).isEqualTo(1);
        assertThat(verify.out()).contains("damaged  1");
        assertThat(verify.err()).contains(digests.get(1).sha256().hex());
        assertThat(succeed("list").out().lines()).hasSize(2);
    }

    @Test
    void theLeastRecentlyUsedEntriesAreEvicted() {
        assertThat(succeed("evict", "--to", "150KiB", "--json").json())
                .containsEntry("evicted", 2)
                .containsEntry("entries", 1);
        assertThat(succeed("list").out()).contains(digests.get(2).sha256().hex());
        assertThat(succeed("evict", "--to", "0", "--json").json()).containsEntry("storedBytes", 0);
    }

    @Test
    void blobsOfAStoreAreFetched() throws IOException {
        String uri = "file:" + directory.resolve("store") + "?durability=none&create=true";
        try (BlobStore store = BlobStores.open(uri)) {
            store.store(BlobKey.of("blob"), content(7));
        }
        Map<String, Object> first = succeed("warm", "blob", "--store", uri, "--max", "1GiB", "--json")
                .json();
        assertThat(first).containsEntry("blobs", 1).containsEntry("fetchedBytes", SIZE);
        assertThat(succeed("warm", "blob", "--store", uri, "--max", "1GiB", "--json")
                        .json())
                .containsEntry("fetchedBytes", 0);

        Path trace = directory.resolve("trace");
        AccessTrace.of(List.of(ByteRange.of(10, 10))).save(trace);
        succeed("warm", "blob", "--store", uri, "--max", "1GiB", "--trace", trace.toString());
        assertThat(run("warm", "missing", "--store", uri, "--max", "1GiB").err())
                .contains("missing");
    }

    @Test
    void wrongUseIsExplained() {
        assertThat(Cli.run("cache").code()).isEqualTo(2);
        assertThat(Cli.run("cache").err()).contains("stat", "list", "verify", "evict", "warm");
        Cli missing = Cli.run("cache", "stat", directory.resolve("none"));
        assertThat(missing.code()).isEqualTo(3);
        assertThat(missing.err()).contains("does not exist", "none");
        assertThat(run("evict").code()).isEqualTo(2);
        assertThat(run("evict", "--to", "x").code()).isEqualTo(2);
        assertThat(run("warm").code()).isEqualTo(2);
    }
}
