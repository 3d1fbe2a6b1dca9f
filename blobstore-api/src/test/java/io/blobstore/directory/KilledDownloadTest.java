package io.blobstore.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.TransferManager;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A download that is killed at a random moment leaves whole files, and what the next download deletes. */
class KilledDownloadTest {
    private static final int FILES = 60;
    private static final int SIZE = 200_000;

    @TempDir
    Path temporary;

    @Test
    void noFileIsHalfVisible() throws Exception {
        SplittableRandom random = new SplittableRandom(30);
        for (int kill = 0; kill < CampaignScale.of(20); kill++) {
            Path target = temporary.resolve("target-" + kill);
            int files = random.nextInt(FILES);
            try (ChildJvm.Running child =
                    ChildJvm.of(Download.class, temporary).start(target.toString(), Integer.toString(files))) {
                child.awaitLine("reached"::equals, Duration.ofMinutes(1));
                child.kill();
                child.join(Duration.ofMinutes(1));
            }

            int whole = 0;
            try (Stream<Path> paths = Files.walk(target)) {
                for (Path file : paths.filter(Files::isRegularFile).toList()) {
                    String name = file.getFileName().toString();
                    if (!name.startsWith(".blobstore-")) {
                        assertThat(Files.readAllBytes(file)).as(name).isEqualTo(content(name));
                        whole++;
                    }
                }
            }
            assertThat(whole).isGreaterThanOrEqualTo(files);
            Download.run(target, FILES, () -> {});
            try (Stream<Path> left = Files.walk(target)) {
                assertThat(left.filter(Files::isRegularFile)).hasSize(FILES);
            }
        }
    }

    static byte[] content(String name) {
        byte[] content = new byte[SIZE];
        Arrays.fill(content, (byte) name.hashCode());
        return content;
    }

    /** Downloads files for ever, and prints a line when some of them are complete. */
    static final class Download {
        public static void main(String[] args) throws Exception {
            for (; ; ) {
                run(Path.of(args[0]), Integer.parseInt(args[1]), () -> System.out.println("reached"));
            }
        }

        static void run(Path target, int reached, Runnable action) throws Exception {
            try (InMemoryBlobStore store = new InMemoryBlobStore();
                    TransferManager transfers = TransferManager.create()) {
                for (int i = 0; i < FILES; i++) {
                    String name = "f" + i;
                    store.store(BlobKey.of("d" + i % 3 + "/" + name), ByteBuffer.wrap(content(name)));
                }
                DirectoryListener listener = new DirectoryListener() {
                    private int done;

                    @Override
                    public void onFile(FileResult file) {
                        if (++done == reached + 1) {
                            action.run();
                        }
                    }
                };
                DirectoryTransfer.of(transfers)
                        .download(
                                store,
                                "",
                                target,
                                DirectoryOptions.builder()
                                        .concurrency(8)
                                        .download(DownloadOptions.builder()
                                                .partSize(100_000)
                                                .build())
                                        .listener(listener)
                                        .build())
                        .join();
            }
        }
    }
}
