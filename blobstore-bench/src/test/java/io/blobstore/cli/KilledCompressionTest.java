package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.CampaignScale;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills uploads that compress, as {@code kill -9} does, at random moments: a blob is whole, or is not there. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class KilledCompressionTest {
    /** Longer than a child needs to start and to compress, so that some of them end by themselves. */
    private static final int LONGEST_MILLIS = 2500;

    @TempDir
    Path directory;

    @Test
    void anUploadThatIsKilledLeavesTheOldBlobOrTheWholeNewOne() throws Exception {
        byte[] content = new byte[64 << 20];
        Random random = new Random(1);
        for (int at = 0; at < content.length; at += 64) { // compresses to a half
            byte[] piece = new byte[24];
            random.nextBytes(piece);
            System.arraycopy(piece, 0, content, at, piece.length);
        }
        Path file = Files.write(directory.resolve("file"), content);
        Path root = directory.resolve("store");
        String store = "file:" + root + "?durability=none&create=true";
        Path old = Cli.file(directory.resolve("old"), 1000);
        assertThat(Cli.run("upload", old, "--key", "blob", "--store", store).code())
                .isZero();
        byte[] before = Files.readAllBytes(old);
        int rounds = CampaignScale.isFull() ? 200 : 4; // each takes a second or two
        for (int round = 0; round < rounds; round++) {
            Process process = Cli.inChildJvm(
                            List.of("-Xmx64m"), "upload", file, "--compress", "--key", "blob", "--store", store)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            process.waitFor(100 + random.nextInt(LONGEST_MILLIS), TimeUnit.MILLISECONDS);
            process.destroyForcibly();
            process.waitFor();

            byte[] now = Cli.run("cat", "blob", "--store", store).content();
            assertThat(Arrays.equals(now, before) || Arrays.equals(now, content))
                    .as("round %d: %d bytes, neither the old blob nor the whole new one", round, now.length)
                    .isTrue();
            if (Arrays.equals(now, content)) { // the next round begins with the old one again
                assertThat(Cli.run("upload", old, "--key", "blob", "--store", store)
                                .code())
                        .isZero();
            }
        }
        assertThat(temporaryFiles(root))
                .as("left behind after the store was opened again")
                .isEmpty();
    }

    private static List<Path> temporaryFiles(Path root) throws IOException {
        Path temporary = root.resolve(".blobstore/tmp");
        return Files.exists(temporary)
                ? Cli.tree(temporary).stream()
                        .filter(Files::isRegularFile)
                        .filter(path -> size(path) > 1000)
                        .toList()
                : List.of();
    }

    private static long size(Path path) {
        try {
            return Files.size(path);
        } catch (IOException e) {
            return 0;
        }
    }
}
