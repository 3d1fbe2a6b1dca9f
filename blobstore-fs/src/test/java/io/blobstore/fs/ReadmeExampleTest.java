package io.blobstore.fs;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ByteRange;
import io.blobstore.Precondition;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.ParallelUploader;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's example compiles, runs, and is what the README shows. */
class ReadmeExampleTest {
    @TempDir
    Path directory;

    // spotless:off
    private static void example(Path directory, Path image) throws Exception {
        // the example begins
        try (BlobStore store = BlobStores.open("file:" + directory);
                ParallelUploader uploader = ParallelUploader.create();
                MappedFile file = MappedFile.open(image)) {
            BlobKey key = BlobKey.of("images/disk.img");
            UploadOptions options = UploadOptions.builder()
                    .partSize(8 << 20)
                    .concurrency(4)
                    .store(StoreOptions.builder()
                            .contentType("application/octet-stream")
                            .precondition(Precondition.ifAbsent())
                            .build())
                    .build();
            Transfer<StoredBlob> transfer = uploader.upload(store, key, file.region(), options);
            file.close(); // legal: the transfer holds a lease, and its end unmaps the file
            StoredBlob stored = transfer.join();

            ByteBuffer header = ByteBuffer.allocateDirect(512);
            ReadResult read = store.read(key, ByteRange.of(0, 512), header);
            System.out.println(read.blob().size() + " bytes, " + stored.checksum().orElseThrow());
        }
        // the example ends
    }
    // spotless:on

    @Test
    void itStoresTheFile() throws Exception {
        Path image = directory.resolve("disk.img");
        MappedFile.create(image, 20 << 20).close();
        example(directory.resolve("store"), image);
        assertThat(directory.resolve("store/images/disk.img")).hasSameBinaryContentAs(image);
    }

    @Test
    void itIsWhatTheReadmeShows() throws IOException {
        String readme = Files.readString(Path.of("..", "README.md"));
        String source = Files.readString(Path.of("src/test/java/io/blobstore/fs/ReadmeExampleTest.java"));
        assertThat(group(readme, "(?s)```java\n(.*?)\n```"))
                .isEqualTo(group(source, "(?s)// the example begins\n(.*?)\n +// the example ends")
                        .stripIndent());
    }

    private static String group(String text, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        assertThat(matcher.find()).as(pattern).isTrue();
        return matcher.group(1);
    }
}
