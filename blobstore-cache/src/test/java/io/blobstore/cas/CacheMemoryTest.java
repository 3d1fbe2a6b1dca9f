package io.blobstore.cas;

import static io.blobstore.cas.CacheFixture.KIB;
import static io.blobstore.cas.CacheFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Sha256;
import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Counts the heap that puts and gets take, to verify that no content is copied through it. */
@ExtendWith(LeakCheck.class)
class CacheMemoryTest {
    private static final int LARGE = 64 * MIB;

    @TempDir
    Path temporary;

    private ContentCache open(StorageMode mode) throws IOException {
        return CacheFixture.open(
                temporary.resolve("cache"),
                CacheOptions.builder().maxBytes(512L << 20).storageMode(mode).build());
    }

    /** Returns what the threads of the cache have allocated since they were started. */
    private static long allocatedByWorkers() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
                .filter(info -> info != null && info.getThreadName().startsWith("blobstore-cache-worker"))
                .mapToLong(info -> threads.getThreadAllocatedBytes(info.getThreadId()))
                .sum();
    }

    @ParameterizedTest
    @EnumSource
    void aLargeMappedFileIsPutAndReadIntoMappedMemoryWithoutHeap(StorageMode mode) throws Exception {
        Path path = temporary.resolve("file");
        Content content = CacheFixture.text(1, LARGE);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(content.bytes().duplicate());
        }
        try (ContentCache cache = open(mode);
                MappedFile file = MappedFile.open(path);
                MappedFile target = MappedFile.create(temporary.resolve("target"), LARGE)) {
            Content warm = CacheFixture.text(2, 3 * MIB);
            cache.put(warm.digest(), warm.source());
            CacheFixture.requireHit(cache, warm);

            long before = allocatedByWorkers();
            long put = AllocatedBytes.of(() -> cache.put(content.digest(), file.region()));
            put += Math.max(0, allocatedByWorkers() - before);
            assertThat(put).as("put").isLessThan(MIB);

            before = allocatedByWorkers();
            long get = AllocatedBytes.of(() -> {
                try (BlobTarget.Writer writer = target.region().open();
                        BlobTarget.Window window = writer.window(0, LARGE)) {
                    assertThat(cache.get(content.digest(), ByteRange.all(), window))
                            .hasValue(LARGE);
                }
            });
            get += Math.max(0, allocatedByWorkers() - before);
            assertThat(get).as("get").isLessThan(MIB);
            assertThat(Sha256.of(target.region())).isEqualTo(content.digest().sha256());
        }
    }

    @Test
    void aSmallContentTakesLittleHeap() throws IOException {
        int count = 200;
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            ByteBuffer target = ByteBuffer.allocateDirect(16 * KIB);
            Content[] contents = new Content[2 * count];
            for (int i = 0; i < contents.length; i++) {
                contents[i] = CacheFixture.text(i, 16 * KIB);
            }
            for (int round = 0; round < 2; round++) { // the second is measured
                int from = round * count;
                long put = AllocatedBytes.of(() -> {
                    for (int i = from; i < from + count; i++) {
                        cache.put(contents[i].digest(), contents[i].source());
                    }
                });
                long get = AllocatedBytes.of(() -> {
                    for (int i = from; i < from + count; i++) {
                        cache.get(contents[i].digest(), ByteRange.all(), target.clear());
                    }
                });
                if (round == 1) {
                    assertThat(put / count).as("heap of a put").isLessThan(16 * KIB);
                    assertThat(get / count).as("heap of a get").isLessThan(8 * KIB);
                }
            }
        }
    }
}
