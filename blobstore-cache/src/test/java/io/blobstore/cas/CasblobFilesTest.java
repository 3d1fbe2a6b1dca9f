package io.blobstore.cas;

import static io.blobstore.cas.CacheFixture.KIB;
import static io.blobstore.cas.CacheFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.github.luben.zstd.Zstd;
import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reads the files that the cache writes by the rules of the format alone, and with the tool {@code zstd}. */
@ExtendWith(LeakCheck.class)
class CasblobFilesTest {
    private static final List<Content> CONTENTS = List.of(
            CacheFixture.text(1, 1),
            CacheFixture.random(2, 128),
            CacheFixture.text(3, 129),
            CacheFixture.random(4, 16 * KIB),
            CacheFixture.text(5, MIB),
            CacheFixture.text(6, MIB + 1),
            CacheFixture.random(7, 2 * MIB),
            CacheFixture.text(8, 3 * MIB + 77));

    @TempDir
    Path temporary;

    private Path written(ContentCache cache, Content content, boolean piecewise) throws IOException {
        if (piecewise) {
            try (ContentWriter writer = cache.write(content.digest())) {
                writer.write(content.bytes().duplicate());
                writer.commit();
            }
        } else {
            cache.put(content.digest(), content.source());
        }
        String hash = content.digest().sha256().hex();
        List<Path> files = CacheFixture.files(temporary.resolve("cache")).stream()
                .filter(file -> file.getFileName().toString().startsWith(hash))
                .toList();
        assertThat(files).hasSize(1);
        assertThat(files.get(0).getParent().getFileName()).hasToString(hash.substring(0, 2));
        assertThat(files.get(0).getFileName().toString()).matches("[a-f0-9]{64}-" + content.size() + "-[0-9]{9}");
        return files.get(0);
    }

    private ContentCache open(StorageMode mode) throws IOException {
        return CacheFixture.open(
                temporary.resolve("cache"),
                CacheOptions.builder().maxBytes(64L << 20).storageMode(mode).build());
    }

    @ParameterizedTest
    @EnumSource(names = {"ZSTD", "HYBRID"})
    void everyFileFollowsTheRulesOfTheFormat(StorageMode mode) throws IOException {
        for (boolean piecewise : List.of(true, false)) {
            try (ContentCache cache = open(mode)) {
                for (Content content : CONTENTS) {
                    byte[] file = Files.readAllBytes(written(cache, content, piecewise));
                    assertThat(ByteBuffer.wrap(decoded(file, content.size()))).isEqualTo(content.bytes());
                    cache.remove(content.digest());
                }
                CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
            }
        }
    }

    /** Decodes a file by the table in the class comment of bazel-remote's casblob.go. */
    private static byte[] decoded(byte[] bytes, int size) {
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int chunks = (size + MIB - 1) / MIB;
        int type = bytes[16];
        int offsets = type == 0 ? 2 : chunks + 1;
        assertThat(file.getInt(0)).isEqualTo(0x184D2A50);
        assertThat(file.getInt(4)).isEqualTo(21 + 8 * offsets);
        assertThat(file.getLong(8)).isEqualTo(size);
        assertThat(file.getInt(17)).isEqualTo(MIB);
        assertThat(file.getLong(21)).isEqualTo(offsets);
        assertThat(file.getLong(29)).isEqualTo(29 + 8 * offsets);
        assertThat(file.getLong(29 + 8 * (offsets - 1))).isEqualTo(bytes.length);
        if (type == 0) {
            return Arrays.copyOfRange(bytes, 45, bytes.length);
        }
        assertThat(type).isEqualTo(1);
        byte[] content = new byte[size];
        for (int chunk = 0; chunk < chunks; chunk++) {
            int from = (int) file.getLong(29 + 8 * chunk);
            int to = (int) file.getLong(29 + 8 * (chunk + 1));
            byte[] frame = Arrays.copyOfRange(bytes, from, to);
            assertThat(frame[4] & 4).as("a checksum").isEqualTo(4);
            int length = Math.min(MIB, size - chunk * MIB);
            assertThat(Zstd.getFrameContentSize(frame)).isEqualTo(length);
            byte[] part = Zstd.decompress(frame, length);
            System.arraycopy(part, 0, content, chunk * MIB, length);
        }
        return content;
    }

    @Test
    void theToolDecodesCompressedFiles() throws Exception {
        assumeThat(isInstalled()).as("needs the command zstd").isTrue();
        try (ContentCache cache = open(StorageMode.ZSTD)) {
            for (Content content : CONTENTS) {
                Process zstd = new ProcessBuilder(
                                "zstd", "-dc", written(cache, content, false).toString())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
                try (InputStream output = zstd.getInputStream()) {
                    assertThat(ByteBuffer.wrap(output.readAllBytes())).isEqualTo(content.bytes());
                }
                assertThat(zstd.waitFor()).isZero();
            }
        }
    }

    private static boolean isInstalled() throws InterruptedException {
        try {
            return new ProcessBuilder("zstd", "--version")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
