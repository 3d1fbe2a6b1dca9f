package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.SmallDisk;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ScriptedChannel;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Temporary files of a stream: on a full disk, in a small one that the test mounts, and after a kill. */
class StreamSplitDiskTest {
    @TempDir
    private Path directory;

    private static ByteBuffer tar(int size) {
        return Fixture.tar(Fixture.files(1, 2, size));
    }

    private static void split(ByteBuffer tar) throws IOException, InterruptedException {
        try (TransferManager transfers = TransferManager.create()) {
            Repository repository = Repository.of(BlobStoreObjects.of(new InMemoryBlobStore(), ObjectHash.SHA_256));
            SplitEngine.of(transfers)
                    .split(repository, "s", new ScriptedChannel(tar, new Random(1)), SplitOptions.DEFAULT)
                    .join();
            Fixture.assertSame(Fixture.merge(transfers, repository, "s", tar.remaining()), tar);
        }
    }

    /** Splits a file for which there is no room, and then one for which there is. */
    static final class OnSmallDisk {
        public static void main(String[] args) throws Exception {
            Path mounted = Path.of(args[0]);
            assertThatThrownBy(() -> split(tar(6 << 20)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll(mounted.toString(), "No space left", "java.io.tmpdir");
            try (Stream<Path> files = Files.list(mounted)) {
                assertThat(files).isEmpty();
            }
            split(tar(2 << 20));
        }
    }

    @Test
    void aFullDiskIsNamedAndTheSpaceIsFreed() throws Exception {
        SmallDisk.run(
                directory,
                "size=4m",
                OnSmallDisk.class,
                "-Djava.io.tmpdir=" + SmallDisk.mountPoint(directory),
                "-DZstdTempFolder=" + directory);
    }

    /** Waits for more of a stream, with a large part of it in a temporary file. */
    static final class Waiting {
        public static void main(String[] args) throws Exception {
            ScriptedChannel endless = new ScriptedChannel(tar(6 << 20), new Random(1)) {
                @Override
                public int read(ByteBuffer target) throws IOException {
                    if (left() < 7 << 20) {
                        System.out.println("waiting");
                        await();
                    }
                    return super.read(target);
                }

                private void await() throws IOException {
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                }
            };
            try (TransferManager transfers = TransferManager.create()) {
                Repository repository = Repository.of(BlobStoreObjects.of(new InMemoryBlobStore(), ObjectHash.SHA_256));
                SplitEngine.of(transfers)
                        .split(repository, "s", endless, SplitOptions.DEFAULT)
                        .join();
            }
        }
    }

    @Test
    void nothingIsLeftWhenTheProcessIsKilled() throws Exception {
        Path temporaries = Files.createDirectory(directory.resolve("temporaries"));
        assumeTrue(Files.exists(Path.of("/proc/self")), "only Linux deletes an open file's name");
        try (ChildJvm.Running child = ChildJvm.of(Waiting.class, directory)
                .with("-Djava.io.tmpdir=" + temporaries, "-DZstdTempFolder=" + directory)
                .start()) {
            child.awaitLine("waiting"::equals, Duration.ofMinutes(1));
            child.kill();
        }
        assertThat(temporaries).isEmptyDirectory();
    }
}
