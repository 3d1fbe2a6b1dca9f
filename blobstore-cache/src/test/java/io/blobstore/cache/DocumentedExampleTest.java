package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.cas.CacheEntry;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.cas.Keyspace;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that the documented examples of the cache compile and run, and that the page shows them unchanged. */
class DocumentedExampleTest {
    @TempDir
    Path directory;

    // spotless:off
    private static void example(Path directory, BlobStore remote, Path artifact) throws Exception {
        // the example begins
        CacheOptions limits = CacheOptions.ofMaxBytes(50L << 30);
        CachedStoreOptions options = CachedStoreOptions.builder().maxPieceBytes(20L << 30).build();
        try (ContentCache cache = ContentCache.open(directory, limits);
                CachedBlobStore images = CachedBlobStore.open(remote, cache, options); // closes remote as well
                MappedFile file = MappedFile.open(artifact)) {
            Digest digest = Digest.of(file.region());
            cache.put(digest, file.region()); // compressed from the mapping, verified
            ByteBuffer memory = ByteBuffer.allocateDirect(1 << 20);
            OptionalLong length = cache.get(digest, ByteRange.atMost(0, 1 << 20), memory); // empty: not there
            System.out.println(length + " bytes of content, by its SHA-256");

            images.read(BlobKey.of("base.img"), ByteRange.atMost(0, 1 << 20), memory.clear()); // downloads the blob
            images.read(BlobKey.of("base.img"), ByteRange.atMost(1 << 20, 1 << 20), memory.clear()); // from the disk
            images.prefetch(BlobKey.of("disk.img"), List.of(ByteRange.atMost(0, 64 << 20))).join();
        }
        // the example ends
    }
    // spotless:on

    /** Records which ranges are read of a store. */
    private static final class RecordedReads extends ForwardingBlobStore {
        private final ConcurrentLinkedQueue<String> reads = new ConcurrentLinkedQueue<>();

        RecordedReads(BlobStore store) {
            super(store);
        }

        @Override
        public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                throws IOException {
            reads.add(key.toString());
            return super.read(key, range, target, options);
        }
    }

    @Test
    void itReadsEachBlobOnceFromTheStoreAndKeepsEverything() throws Exception {
        Path artifact = Files.write(directory.resolve("artifact"), content(1));
        Path cached = directory.resolve("cache");
        RecordedReads remote = new RecordedReads(BlobStores.open("mem:"));
        remote.store(BlobKey.of("base.img"), BlobSource.of(ByteBuffer.wrap(content(2))));
        remote.store(BlobKey.of("disk.img"), BlobSource.of(ByteBuffer.wrap(content(3))));

        example(cached, remote, artifact);

        assertThat(remote.reads).containsExactly("base.img", "disk.img");
        try (ContentCache cache = ContentCache.open(cached, CacheOptions.ofMaxBytes(50L << 30))) {
            assertThat(cache.entries().stream()
                            .filter(entry -> entry.keyspace() == Keyspace.CAS)
                            .map(CacheEntry::contentSize))
                    .hasSize(3)
                    .containsOnly((long) content(1).length);
        }
    }

    @Test
    void thePageShowsIt() throws IOException {
        String source = Files.readString(Path.of("src/test/java/io/blobstore/cache/DocumentedExampleTest.java"));
        Matcher example = Pattern.compile("(?s)// the example begins\n(.*?)\n +// the example ends")
                .matcher(source);
        assertThat(example.find()).isTrue();

        assertThat(page()).contains("```java\n" + example.group(1).stripIndent() + "\n```\n");
    }

    /** That this sample compiles is checked by {@link MappedFillTest}. */
    @Test
    void thePageShowsTheSampleOfMappedFill() throws IOException {
        String source = Files.readString(Path.of("src/main/java/io/blobstore/cache/MappedFill.java"));
        Matcher sample =
                Pattern.compile("(?s) \\* <pre>\\{@code\n(.*?)\n \\* }</pre>").matcher(source);
        assertThat(sample.find()).isTrue();

        assertThat(page()).contains("```java\n" + sample.group(1).replaceAll("(?m)^ \\* ", "") + "\n```\n");
    }

    @Test
    void thePageAndTheJavadocDocumentEveryParameterOfTheUriAndNoOther() throws IOException {
        String source = Files.readString(Path.of("src/main/java/io/blobstore/cache/CacheBlobStoreProvider.java"));
        Matcher constant = Pattern.compile("(?s) PARAMETERS = \\{(.*?)\\}").matcher(source);
        assertThat(constant.find()).isTrue();
        List<String> parameters = names("\"(\\w+)\"", constant.group(1));

        assertThat(parameters).isNotEmpty();
        assertThat(names("(?m)^\\| `(\\w+)`", page())).containsExactlyInAnyOrderElementsOf(parameters);
        assertThat(names("<tr><td>\\{@code (\\w+)\\}", source)).containsExactlyInAnyOrderElementsOf(parameters);
    }

    private static List<String> names(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
    }

    private static String page() throws IOException {
        return Files.readString(Path.of("../docs/caching.md"));
    }

    private static byte[] content(int seed) {
        byte[] content = new byte[3 << 20];
        new Random(seed).nextBytes(content);
        return content;
    }
}
