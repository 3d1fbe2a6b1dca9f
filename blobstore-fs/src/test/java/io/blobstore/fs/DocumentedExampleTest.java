package io.blobstore.fs;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Precondition;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.BlobWriter;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks that the documented examples compile and run, and that the pages show them unchanged. */
class DocumentedExampleTest {
    @TempDir
    Path directory;

    // spotless:off
    private static void example(Path directory, Path image) throws Exception {
        // the example begins
        try (BlobStore store = BlobStores.open("file:" + directory);
                TransferManager transfers = TransferManager.create();
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
            Transfer<StoredBlob> transfer = transfers.upload(store, key, file.region(), options);
            file.close(); // legal: the transfer holds a lease, and its end unmaps the file
            StoredBlob stored = transfer.join();

            ByteBuffer header = ByteBuffer.allocateDirect(512);
            ReadResult read = store.read(key, ByteRange.of(0, 512), header);
            System.out.println(read.blob().size() + " bytes, " + stored.checksum().orElseThrow());
        }
        // the example ends
    }

    private static void reading(BlobStore store, BlobKey key, MappedFile memory, Path copy) throws Exception {
        // the second example begins
        try (TransferManager transfers = TransferManager.create()) {
            transfers.download(store, key, ByteRange.all(), memory.region()).join(); // into mapped memory
            transfers.download(store, key, ByteRange.all(), BlobTarget.ofPath(copy)).join(); // or into a new file

            try (BlobReader blob = transfers.openReader(store, key)) { // a SeekableByteChannel that reads ahead
                ByteBuffer piece = ByteBuffer.allocateDirect(1 << 20);
                while (blob.read(piece.clear()) >= 0) {
                    System.out.println(piece.flip().remaining() + " bytes before " + blob.position());
                }
                blob.read(piece.clear(), blob.size() - 512); // and positional reads, by any thread
            }
        }
        // the second example ends
    }

    private static void writing(BlobStore store, BlobKey key, byte[] body) throws Exception {
        // the third example begins
        try (TransferManager transfers = TransferManager.create();
                BlobWriter writer = transfers.openWriter(store, key)) {
            writer.write(ByteBuffer.wrap("header\n".getBytes(StandardCharsets.UTF_8)));
            Channels.newOutputStream(writer).write(body); // it is a WritableByteChannel of the JDK
            writer.complete(); // without this, close() discards what was written
        }
        // the third example ends
    }
    // spotless:on

    @Test
    void itStoresTheFile() throws Exception {
        Path image = directory.resolve("disk.img");
        MappedFile.create(image, 20 << 20).close();
        example(Files.createDirectory(directory.resolve("store")), image);
        assertThat(directory.resolve("store/images/disk.img")).hasSameBinaryContentAs(image);
    }

    @Test
    void theSecondReadsIt() throws Exception {
        Path image = directory.resolve("disk.img");
        byte[] content = new byte[5 << 20];
        new SplittableRandom(1).nextBytes(content);
        Files.write(image, content);
        BlobKey key = BlobKey.of("images/disk.img");
        try (BlobStore store = BlobStores.open("file:" + directory.resolve("store") + "?create=true");
                MappedFile memory = MappedFile.create(directory.resolve("memory"), content.length)) {
            store.store(key, BlobSource.ofPath(image));
            reading(store, key, memory, directory.resolve("copy"));
        }
        assertThat(directory.resolve("copy")).hasSameBinaryContentAs(image);
        assertThat(directory.resolve("memory")).hasSameBinaryContentAs(image);
    }

    @Test
    void theThirdWritesIt() throws Exception {
        try (BlobStore store = BlobStores.open("file:" + directory.resolve("store") + "?create=true")) {
            writing(store, BlobKey.of("text"), "body".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(directory.resolve("store/text")).hasContent("header\nbody");
    }

    @ParameterizedTest
    @CsvSource({"example, docs/guide.md", "second example, docs/guide.md", "third example, docs/guide.md"})
    void thePagesShowThem(String name, String page) throws IOException {
        String source = Files.readString(Path.of("src/test/java/io/blobstore/fs/DocumentedExampleTest.java"));
        Matcher example = Pattern.compile("(?s)// the " + name + " begins\n(.*?)\n +// the " + name + " ends")
                .matcher(source);
        assertThat(example.find()).isTrue();

        assertThat(Files.readString(Path.of("..", page)))
                .contains("```java\n" + example.group(1).stripIndent() + "\n```\n");
    }
}
