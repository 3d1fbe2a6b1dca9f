package io.blobstore.zstd;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.TransferManager;
import io.blobstore.zstd.internal.Contents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that the documented example of compressed blobs compiles and runs, and that the page shows it unchanged. */
class DocumentedExampleTest {
    @TempDir
    Path directory;

    // spotless:off
    private static void example(BlobStore store, Path log, Path copy) throws Exception {
        BlobKey key = BlobKey.of("logs/2026.zst");
        // the example begins
        CompressedBlobs blobs = CompressedBlobs.of(store);
        try (TransferManager transfers = TransferManager.create();
                MappedFile file = MappedFile.open(log)) {
            CompressionResult result = blobs.upload(transfers, key, file.region()).join();
            System.out.println(result.contentSize() + " bytes in " + result.storedSize() + ", " + result.sha256());

            try (BlobReader reader = blobs.open(transfers, key)) {
                ByteBuffer memory = ByteBuffer.allocateDirect(64 << 10);
                reader.read(memory, 2_000_000); // fetches and decodes one frame, or two
            }
            transfers.download(blobs.contents(), key, ByteRange.all(), BlobTarget.ofPath(copy)).join();
        }
        // the example ends
    }
    // spotless:on

    @Test
    void itStoresAndReadsTheFile() throws Exception {
        Path log = Files.write(directory.resolve("log"), Contents.text(1, 5_000_000));
        Path copy = directory.resolve("copy");
        try (BlobStore store = BlobStores.open("mem:")) {
            example(store, log, copy);
        }
        assertThat(copy).hasSameBinaryContentAs(log);
    }

    @Test
    void thePageShowsIt() throws IOException {
        String source = Files.readString(Path.of("src/test/java/io/blobstore/zstd/DocumentedExampleTest.java"));
        Matcher example = Pattern.compile("(?s)// the example begins\n(.*?)\n +// the example ends")
                .matcher(source);
        assertThat(example.find()).isTrue();

        assertThat(Files.readString(Path.of("../docs/compressed-blobs.md")))
                .contains("```java\n" + example.group(1).stripIndent() + "\n```\n");
    }
}
