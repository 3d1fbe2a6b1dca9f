package io.blobstore.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ListOptions;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.transfer.TransferManager;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory does not grow with the number of files. */
class DirectoryMemoryTest {
    /** A list of so many names alone would take more than the heap. */
    private static final int FILES = 300_000;

    @TempDir
    Path temporary;

    @Test
    void manyFilesNeedNoMoreMemoryThanFew() throws Exception {
        ChildJvm.Exit exit = ChildJvm.of(ManyFiles.class, temporary)
                .with("-Xmx16m")
                .run(Duration.ofMinutes(2), temporary.resolve("target").toString());

        assertThat(exit.output()).endsWith(FILES + " files");
    }

    /** Looks at every file of a large store, and would download it. */
    static final class ManyFiles {
        public static void main(String[] args) throws Exception {
            ForwardingBlobStore store = new ForwardingBlobStore(new InMemoryBlobStore()) {
                @Override
                public BlobListing list(ListOptions options) {
                    return new FixedListing(IntStream.range(0, FILES)
                            .mapToObj(i -> BlobListing.Blob.of(
                                    BlobKey.of(String.format("directory/%09d", i)),
                                    1,
                                    Optional.empty(),
                                    Optional.empty()))
                            .iterator());
                }
            };
            DirectoryOptions dry = DirectoryOptions.builder()
                    .comparison(Comparison.SIZE)
                    .dryRun(true)
                    .build();
            try (TransferManager transfers = TransferManager.create()) {
                DirectoryResult result = DirectoryTransfer.of(transfers)
                        .download(store, "directory", Path.of(args[0]), dry)
                        .join();
                System.out.println(result.transferred() + " files");
            }
        }
    }
}
