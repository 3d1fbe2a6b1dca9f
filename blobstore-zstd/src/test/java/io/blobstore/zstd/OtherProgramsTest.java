package io.blobstore.zstd;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.TransferManager;
import io.blobstore.zstd.internal.Contents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Exchanges files with other programs: the command {@code zstd}, and {@code SeekableZstdFile} of the Python package
 * pyzstd, another implementation of the seekable format. {@code .ci/with-servers} names them in variables.
 */
@Campaign(representedBy = CompressedUploadTest.class)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@ExtendWith(LeakCheck.class)
class OtherProgramsTest {
    private static final String ZSTD = "BLOBSTORE_TEST_ZSTD";
    private static final String PYTHON = "BLOBSTORE_TEST_PYZSTD";
    private static final BlobKey KEY = BlobKey.of("some-blob");

    @TempDir
    private Path directory;

    private BlobStore store;
    private TransferManager transfers;

    @BeforeEach
    void open() throws IOException {
        store = BlobStores.open("mem:");
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() throws IOException {
        transfers.close();
        store.close();
    }

    /** Runs a program, and returns what it prints. */
    private String run(String... command) throws Exception {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        int code = process.waitFor();
        String printed = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(code).as(printed).isZero();
        return printed;
    }

    private static byte[] mixed(int size) {
        byte[] content = Contents.text(size, size);
        byte[] random = Contents.random(size, size / 3);
        System.arraycopy(random, 0, content, size / 3, random.length);
        Arrays.fill(content, 0, size / 10, (byte) 0);
        return content;
    }

    /** Uploads content compressed, and returns a file of what is stored. */
    private Path write(byte[] content, CompressionOptions options) throws Exception {
        Path source = Files.write(directory.resolve("source"), content);
        try (MappedFile file = MappedFile.open(source)) {
            CompressedBlobs.of(store)
                    .upload(transfers, KEY, file.region(), options)
                    .join();
        }
        Path stored = directory.resolve("stored.zst");
        transfers
                .download(store, KEY, ByteRange.all(), BlobTarget.ofPath(stored))
                .join();
        return stored;
    }

    private static CompressionOptions.Builder options(FrameFormat format, int frameSize) {
        return CompressionOptions.builder().format(format).frameSize(frameSize);
    }

    // ---- zstd

    @ParameterizedTest
    @EnumSource(FrameFormat.class)
    @EnabledIfEnvironmentVariable(named = ZSTD, matches = ".+")
    void zstdDecodesWhatIsWritten(FrameFormat format) throws Exception {
        for (int size : new int[] {0, 1, 65_536, 3_000_001, 20_000_000}) {
            byte[] content = mixed(size);
            Path stored = write(content, options(format, 1 << 20).build());
            Path decoded = directory.resolve("decoded");
            run(System.getenv(ZSTD), "-q", "-f", "-d", stored.toString(), "-o", decoded.toString());
            assertThat(decoded).hasBinaryContent(content);
            run(System.getenv(ZSTD), "-q", "-t", stored.toString());
        }
    }

    @ParameterizedTest
    @EnumSource(FrameFormat.class)
    @EnabledIfEnvironmentVariable(named = ZSTD, matches = ".+")
    void zstdDecodesRawBlocksAndFramesWithoutChecksums(FrameFormat format) throws Exception {
        for (boolean checksums : new boolean[] {true, false}) {
            byte[] content = Contents.random(3, 3_000_001);
            CompressionOptions options = options(format, 1 << 20)
                    .sampled(true)
                    .frameChecksums(checksums)
                    .build();
            Path decoded = directory.resolve("decoded");
            run(System.getenv(ZSTD), "-q", "-f", "-d", write(content, options).toString(), "-o", decoded.toString());
            assertThat(decoded).hasBinaryContent(content);
        }
    }

    // ---- pyzstd

    private String python(String script, Object... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(System.getenv(PYTHON), "-c", script));
        Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
        return run(command.toArray(String[]::new));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_536, 1_000_003, 20_000_000})
    @EnabledIfEnvironmentVariable(named = PYTHON, matches = ".+")
    void anotherImplementationReadsWhatIsWritten(int size) throws Exception {
        byte[] content = mixed(size);
        Path stored = write(content, options(FrameFormat.SEEKABLE, 256 << 10).build());
        String script = """
                import sys, random
                from pyzstd import SeekableZstdFile
                content = open(sys.argv[2], 'rb').read()
                with SeekableZstdFile(sys.argv[1], 'r') as file:
                    assert file.read() == content
                    random.seed(7)
                    for _ in range(200):
                        at = random.randint(0, len(content))
                        length = random.randint(0, 400000)
                        file.seek(at)
                        assert file.read(length) == content[at:at + length]
                    print(file.seek(0, 2))
                """;
        assertThat(python(script, stored, directory.resolve("source")).strip()).isEqualTo(String.valueOf(size));
    }

    @ParameterizedTest
    @CsvSource({"1, 65536", "1000003, 65536", "1000003, 7777", "20000000, 1048576"})
    @EnabledIfEnvironmentVariable(named = PYTHON, matches = ".+")
    void whatAnotherImplementationWritesIsRead(int size, int frameSize) throws Exception {
        byte[] content = mixed(size);
        Path source = Files.write(directory.resolve("source"), content);
        Path stored = directory.resolve("stored.zst");
        String script = """
                import sys
                from pyzstd import SeekableZstdFile
                with SeekableZstdFile(sys.argv[2], 'w', max_frame_content_size=int(sys.argv[3])) as file:
                    file.write(open(sys.argv[1], 'rb').read())
                """;
        python(script, source, stored, frameSize);
        store.store(KEY, BlobSource.ofPath(stored));
        CompressedBlobs blobs = CompressedBlobs.of(store);
        assertThat(blobs.stat(KEY).format()).isEqualTo(FrameFormat.SEEKABLE);
        assertThat(blobs.stat(KEY).content().size()).isEqualTo(size);
        Path decoded = directory.resolve("decoded");
        transfers
                .download(blobs.contents(), KEY, ByteRange.all(), BlobTarget.ofPath(decoded))
                .join();
        assertThat(decoded).hasSameBinaryContentAs(source);
        Random random = new Random(7);
        try (BlobReader reader = blobs.open(transfers, KEY)) {
            for (int i = 0; i < 200; i++) {
                int at = random.nextInt(size);
                ByteBuffer target = ByteBuffer.allocateDirect(Math.min(size - at, 1 + random.nextInt(400_000)));
                reader.read(target, at);
                assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(content, at, target.limit()));
            }
        }
    }
}
