package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.memory.MappedFile;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.Splitter;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that the documented example of split streams compiles and runs, and that the page shows it unchanged. */
class DocumentedExampleTest {
    @TempDir
    Path directory;

    // spotless:off
    private static void example(BlobStore store, Path disk, Path copy) throws Exception {
        // the example begins
        Repository repository = Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
        try (TransferManager transfers = TransferManager.create();
                MappedFile file = MappedFile.open(disk)) {
            SplitEngine engine = SplitEngine.of(transfers);
            SplitOptions options = SplitOptions.builder()
                    .splitter(Splitter.fixed(1 << 20)) // or Splitter.tar(), or Splitter.contentDefined()
                    .ref("disk/today") // keeps the stream from garbage collections
                    .build();
            SplitResult split = engine.split(repository, "disk-1", file.region(), options).join();
            System.out.println(split.progress().bytesStored() + " bytes were new");

            engine.merge(repository, "refs/disk/today", BlobTarget.ofPath(copy)).join(); // verified
            try (SplitContent content = engine.open(repository, "disk-1")) {
                content.read(ByteBuffer.allocateDirect(4096), 2 << 20); // reads one object
            }
            CollectReport report = engine.collect(repository, CollectOptions.DEFAULT).join(); // what no ref leads to
            System.out.println(report.objectsKept() + " objects are kept");
        }
        // the example ends
        try (TransferManager transfers = TransferManager.create()) {
            CollectReport report = SplitEngine.of(transfers)
                    .collect(repository, CollectOptions.DEFAULT)
                    .join();
            assertThat(report.isClean()).isTrue();
            assertThat(report.objectsKept()).isPositive();
        }
    }
    // spotless:on

    @Test
    void itSplitsAndMergesTheFile() throws Exception {
        byte[] content = new byte[3_000_000];
        new Random(1).nextBytes(content);
        Path disk = Files.write(directory.resolve("disk"), content);
        Path copy = directory.resolve("copy");
        try (BlobStore store = BlobStores.open("mem:")) {
            example(store, disk, copy);
        }
        assertThat(copy).hasSameBinaryContentAs(disk);
    }

    @Test
    void thePageShowsIt() throws IOException {
        String source =
                Files.readString(Path.of("src/test/java/io/blobstore/split/repository/DocumentedExampleTest.java"));
        Matcher example = Pattern.compile("(?s)// the example begins\n(.*?)\n +// the example ends")
                .matcher(source);
        assertThat(example.find()).isTrue();

        assertThat(Files.readString(Path.of("../docs/split-streams.md")))
                .contains("```java\n" + example.group(1).stripIndent() + "\n```\n");
    }
}
