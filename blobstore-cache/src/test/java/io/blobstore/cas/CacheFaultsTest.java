package io.blobstore.cas;

import static io.blobstore.cas.CacheFixture.KIB;
import static io.blobstore.cas.CacheFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.ByteRange;
import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.OpenDescriptors;
import io.blobstore.contract.SmallDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lets the operating system fail: errors are clear, nothing leaks, and the cache goes on reading (fault F8). */
@ExtendWith(LeakCheck.class)
class CacheFaultsTest {
    private static final String NO_SPACE = "No space left on device";
    private static final String BROKEN = "Input/output error";

    private static final Content SMALL = CacheFixture.text(1, 10 * KIB);
    private static final Content LARGE = CacheFixture.text(2, 2 * MIB + 5);
    private static final Content OTHER = CacheFixture.text(3, 3000);

    @TempDir
    Path temporary;

    private interface Work {
        void run(ContentCache cache) throws IOException;
    }

    private static Work put(Content content) {
        return cache -> cache.put(content.digest(), content.source());
    }

    private static Work write(Content content) {
        return cache -> {
            try (ContentWriter writer = cache.write(content.digest())) {
                writer.write(content.bytes().duplicate());
                writer.commit();
            }
        };
    }

    @ParameterizedTest
    @EnumSource
    void aFailureAtAnyStepOfAPutLeavesNothing(StorageMode mode) throws IOException {
        FaultyFiles files = new FaultyFiles();
        CacheOptions options = CacheOptions.builder()
                .maxBytes(64L << 20)
                .storageMode(mode)
                .durability(Durability.FILE)
                .build();
        Path directory = temporary.resolve("cache");
        Work record = cache -> cache.putRecord(Keyspace.RAW, OTHER.digest().sha256(), OTHER.source());
        try (ContentCache cache = ContentCache.open(directory, options, files)) {
            put(OTHER).run(cache);
            for (Work work : List.of(put(SMALL), put(LARGE), write(SMALL), write(LARGE), record)) {
                int operation = 1;
                for (; ; operation++) {
                    String message = operation % 2 == 0 ? NO_SPACE : BROKEN;
                    files.failAt(operation, message);
                    try {
                        work.run(cache);
                    } catch (CacheFullException e) {
                        assertThat(message).isEqualTo(NO_SPACE);
                        assertThat(e).hasMessageContaining("disk").hasStackTraceContaining(NO_SPACE);
                    } catch (IOException e) {
                        assertThat(e).hasStackTraceContaining(message);
                    }
                    boolean reached = files.hasFailed();
                    files.failAt(0, "");
                    if (!reached) {
                        break;
                    }
                    assertThat(cache.stats().reservedBytes()).isZero();
                    CacheFixture.requireNoTemporaries(cache);
                    CacheFixture.requireHit(cache, OTHER);
                    for (Content content : List.of(SMALL, LARGE)) {
                        if (cache.contains(content.digest())) { // it failed when it was in place already
                            CacheFixture.requireHit(cache, content);
                            cache.remove(content.digest());
                        }
                    }
                    cache.removeRecord(Keyspace.RAW, OTHER.digest().sha256());
                    CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
                    assertThat(CacheFixture.files(directory)).hasSize(1);
                    assertThat(cache.stats().entries()).isEqualTo(1);
                }
                assertThat(operation).as("steps").isGreaterThan(4);
                cache.remove(SMALL.digest());
                cache.remove(LARGE.digest());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFailureAtAnyStepOfAGetIsAnErrorAndKeepsTheEntry(StorageMode mode) throws IOException {
        FaultyFiles files = new FaultyFiles();
        CacheOptions options =
                CacheOptions.builder().maxBytes(64L << 20).storageMode(mode).build();
        try (ContentCache cache = ContentCache.open(temporary.resolve("cache"), options, files)) {
            for (Content content : List.of(SMALL, LARGE)) {
                put(content).run(cache);
                ByteBuffer target = ByteBuffer.allocateDirect(content.size());
                int failures = 0;
                for (int operation = 1; ; operation++) {
                    files.failAt(operation, "Too many open files");
                    try {
                        assertThat(cache.get(content.digest(), ByteRange.all(), target))
                                .hasValue(content.size());
                        target.clear();
                    } catch (IOException e) {
                        assertThat(e).hasMessageContaining("Too many open files");
                        assertThat(target.position()).isZero();
                        failures++;
                    }
                    boolean reached = files.hasFailed();
                    files.failAt(0, "");
                    CacheFixture.requireHit(cache, content);
                    if (!reached) {
                        break;
                    }
                }
                assertThat(failures).isGreaterThanOrEqualTo(2);
                assertThat(cache.stats().corrupt()).isZero();
            }
        }
    }

    @Test
    void aPutWhoseFileCannotBeMovedIntoPlaceLeavesNothing() throws IOException {
        Path directory = temporary.resolve("cache");
        try (ContentCache cache = CacheFixture.open(directory, CacheOptions.ofMaxBytes(64L << 20))) {
            Path shard = directory
                    .resolve("cas.v2")
                    .resolve(SMALL.digest().sha256().hex().substring(0, 2));
            Files.deleteIfExists(shard);
            Files.writeString(shard, "not a directory");
            assertThatThrownBy(() -> put(SMALL).run(cache)).isInstanceOf(IOException.class);
            assertThat(cache.stats().reservedBytes()).isZero();
            CacheFixture.requireNoTemporaries(cache);
            CacheFixture.requireMiss(cache, SMALL.digest());
            Files.delete(shard);
            put(SMALL).run(cache);
            CacheFixture.requireHit(cache, SMALL);
        }
    }

    @Test
    void aFullDiskIsATypedErrorAndTheCacheGoesOn() throws Exception {
        SmallDisk.run(temporary, "size=4m", FullDisk.class);
    }

    /** Puts more than the disk holds, in each way. */
    static final class FullDisk {
        public static void main(String[] args) throws Exception {
            Path directory = Path.of(args[0]).resolve("cache");
            Content large = CacheFixture.random(4, 6 * MIB);
            try (ContentCache cache = ContentCache.open(directory, CacheOptions.ofMaxBytes(64L << 20))) {
                put(OTHER).run(cache);
                for (Work work : List.of(put(large), write(large))) {
                    assertThatThrownBy(() -> work.run(cache))
                            .isInstanceOf(CacheFullException.class)
                            .hasMessageContaining("disk");
                    assertThat(cache.stats().reservedBytes()).isZero();
                    CacheFixture.requireNoTemporaries(cache);
                    CacheFixture.requireHit(cache, OTHER);
                    put(LARGE).run(cache);
                    CacheFixture.requireHit(cache, LARGE);
                    cache.remove(LARGE.digest());
                }
            }
        }
    }

    @Test
    void tooManyOpenFilesIsAnErrorAndNotAMiss() throws Exception {
        ChildJvm.Exit exit = ChildJvm.of(ManyFiles.class, temporary)
                .under("sh", "-c", "ulimit -n 500 && exec \"$@\"", "sh")
                .run(Duration.ofMinutes(1), temporary.toString());
        assertThat(exit.code()).as(exit.output()).isZero();
    }

    /** Puts and gets while no file descriptor is left. */
    static final class ManyFiles {
        public static void main(String[] args) throws Exception {
            Path directory = Path.of(args[0]).resolve("cache");
            Path file = Files.write(Path.of(args[0]).resolve("file"), new byte[1]);
            try (ContentCache cache = CacheFixture.open(directory, CacheOptions.ofMaxBytes(64L << 20))) {
                put(OTHER).run(cache);
                write(LARGE).run(cache);
                CacheFixture.requireHit(cache, OTHER);
                CacheFixture.requireHit(cache, LARGE);
                OpenDescriptors before = OpenDescriptors.now();
                List<FileChannel> all = new ArrayList<>();
                try {
                    for (; ; ) {
                        all.add(FileChannel.open(file));
                    }
                } catch (IOException e) {
                    assertThat(e).hasMessageContaining("Too many open files");
                }
                for (Work work : List.<Work>of(
                        put(SMALL),
                        write(SMALL),
                        cache1 -> cache1.get(OTHER.digest(), ByteRange.all(), ByteBuffer.allocate(OTHER.size())),
                        cache1 -> cache1.open(LARGE.digest()))) {
                    assertThatThrownBy(() -> work.run(cache)).hasMessageContaining("Too many open files");
                }
                assertThat(cache.contains(OTHER.digest())).isTrue();
                for (FileChannel channel : all) {
                    channel.close();
                }
                CacheFixture.requireHit(cache, OTHER);
                CacheFixture.requireHit(cache, LARGE);
                put(SMALL).run(cache);
                assertThat(cache.stats().reservedBytes()).isZero();
                assertThat(cache.stats().corrupt()).isZero();
                before.requireNoMore();
            }
        }
    }
}
