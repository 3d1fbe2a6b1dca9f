package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobVersion;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class VersionAliasesTest {
    private static final BlobKey KEY = BlobKey.of("key");
    private static final BlobVersion ALIAS = VersionAliases.create("1");
    private static final BlobVersion REMOTE = new BlobVersion("\"an ETag\"");

    @TempDir
    Path temporary;

    /** Damages each byte of the record on the disk, and zeros it: an unknown version is right, a wrong one is not. */
    @Test
    void aDamagedRecordNamesNoOtherVersion() throws IOException {
        CacheOptions options = CacheOptions.builder().maxBytes(1 << 20).build();
        try (ContentCache cache = ContentCache.open(temporary.resolve("cache"), options)) {
            new VersionAliases(cache, "store")
                    .put(BlobMetadata.builder(KEY, 1, ALIAS, Instant.EPOCH).build(), REMOTE);
            assertThat(restarted(cache)).isEqualTo(REMOTE);
            Path file = record();
            byte[] good = Files.readAllBytes(file);
            for (int i = 0; i < good.length; i++) {
                byte[] bad = good.clone();
                bad[i] ^= 1;
                overwrite(file, bad);
                assertThat(restarted(cache)).as("byte %d", i).isEqualTo(ALIAS);
            }
            overwrite(file, new byte[good.length]);
            assertThat(restarted(cache)).isEqualTo(ALIAS);
            overwrite(file, good);
            assertThat(restarted(cache)).isEqualTo(REMOTE);
        }
    }

    private static BlobVersion restarted(ContentCache cache) throws IOException {
        return new VersionAliases(cache, "store").toRemote(KEY, ALIAS);
    }

    private Path record() throws IOException {
        try (Stream<Path> files = Files.walk(temporary.resolve("cache/raw.v2"))) {
            List<Path> found = files.filter(Files::isRegularFile).toList();
            assertThat(found).hasSize(1);
            return found.get(0);
        }
    }

    private static void overwrite(Path file, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes));
        }
    }
}
