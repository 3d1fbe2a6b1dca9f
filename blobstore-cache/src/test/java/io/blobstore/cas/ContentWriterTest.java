package io.blobstore.cas;

import static io.blobstore.cas.CacheFixture.KIB;
import static io.blobstore.cas.CacheFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.ByteRange;
import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests content that is put piece by piece, and read meanwhile. */
@ExtendWith(LeakCheck.class)
class ContentWriterTest {
    private static final List<Content> CONTENTS = List.of(
            CacheFixture.text(1, 1),
            CacheFixture.random(2, 16 * KIB),
            CacheFixture.text(3, MIB),
            CacheFixture.text(4, MIB + 1),
            CacheFixture.random(5, 3 * MIB),
            CacheFixture.text(6, 5 * MIB + 17));

    @TempDir
    Path temporary;

    private ContentCache open(StorageMode mode) throws IOException {
        return CacheFixture.open(
                temporary.resolve("cache"),
                CacheOptions.builder().maxBytes(64L << 20).storageMode(mode).build());
    }

    private void requireNothingKept(ContentCache cache) throws IOException {
        assertThat(CacheFixture.files(temporary.resolve("cache"))).isEmpty();
        CacheFixture.requireNoTemporaries(cache);
        assertThat(cache.stats().reservedBytes()).isZero();
        assertThat(cache.stats().storedBytes()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void piecesOfAnySizeBecomeContent(StorageMode mode) throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        try (ContentCache cache = open(mode)) {
            for (Content content : CONTENTS) {
                boolean known = random.nextBoolean();
                try (ContentWriter writer = known ? cache.write(content.digest()) : cache.write(content.size())) {
                    ByteBuffer bytes = content.bytes().duplicate();
                    while (bytes.hasRemaining()) {
                        bytes.limit(Math.min(content.size(), bytes.position() + random.nextInt(1, 2 * MIB)));
                        writer.write(bytes);
                        assertThat(bytes.hasRemaining()).isFalse();
                        bytes.limit(content.size());
                    }
                    assertThat(cache.contains(content.digest())).isFalse();
                    assertThat(writer.commit()).isEqualTo(content.digest());
                    CacheFixture.requireHit(cache, content);
                }
                CacheFixture.requireHit(cache, content);
            }
            assertThat(cache.stats().reservedBytes()).isZero();
            CacheFixture.requireNoTemporaries(cache);
            assertThat(cache.stats().entries()).isEqualTo(CONTENTS.size());
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatWasWrittenIsReadExceptForTheLastFrameUntilItIsCommitted(StorageMode mode) throws IOException {
        Content content = CONTENTS.get(5);
        try (ContentCache cache = open(mode);
                ContentWriter writer = cache.write(content.digest())) {
            writer.write(content.bytes().slice(0, 4 * MIB + 5));
            awaitReadable(writer, 4 * MIB);
            ByteBuffer rest = content.bytes().slice(4 * MIB + 5, MIB + 12);
            writer.write(rest);
            assertThat(writer.readable()).isBetween(4L * MIB, 5L * MIB);
            requireReadable(writer, content);
            assertThat(writer.commit()).isEqualTo(content.digest());
            assertThat(writer.readable()).isEqualTo(content.size());
            requireReadable(writer, content);
            assertThat(writer.read(content.size(), ByteBuffer.allocate(1))).isZero();
            cache.remove(content.digest());
            requireReadable(writer, content);
        }
    }

    private static void awaitReadable(ContentWriter writer, long bytes) {
        CacheFixture.await(() -> {
            try {
                writer.flush();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            return writer.readable() >= bytes;
        });
    }

    private static void requireReadable(ContentWriter writer, Content content) throws IOException {
        long end = writer.readable();
        for (long at : List.of(0L, 1L, (long) MIB, MIB + 5L, 3L * MIB - 1, end - 1)) {
            for (ByteBuffer target : List.of(ByteBuffer.allocateDirect(2 * MIB), ByteBuffer.allocate(100))) {
                if (at >= end) {
                    assertThat(writer.read(at, target)).isZero();
                    continue;
                }
                int bytes = writer.read(at, target);
                assertThat(bytes).isPositive().isEqualTo(target.position());
                assertThat(target.limit()).isEqualTo(target.capacity());
                assertThat(at + bytes).isLessThanOrEqualTo(writer.readable());
                assertThat(target.flip()).isEqualTo(content.bytes().slice((int) at, bytes));
            }
        }
    }

    @Test
    void aReaderFollowsTheWriterToTheEnd() throws Exception {
        Content content = CONTENTS.get(5);
        try (ContentCache cache = open(StorageMode.HYBRID);
                ContentWriter writer = cache.write(content.digest())) {
            CompletableFuture<ByteBuffer> reader = CompletableFuture.supplyAsync(() -> {
                ByteBuffer all = ByteBuffer.allocateDirect(content.size());
                try {
                    while (all.hasRemaining()) {
                        writer.read(all.position(), all);
                    }
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                return all.flip();
            });
            for (int at = 0; at < content.size(); at += 100_000) {
                writer.write(content.bytes().slice(at, Math.min(100_000, content.size() - at)));
            }
            assertThat(reader).isNotDone();
            writer.commit();
            assertThat(reader.get()).isEqualTo(content.bytes());
        }
    }

    @ParameterizedTest
    @EnumSource
    void otherContentThanAnnouncedIsRefusedAndNothingIsKept(StorageMode mode) throws IOException {
        try (ContentCache cache = open(mode)) {
            for (Content content : CONTENTS) {
                try (ContentWriter writer = cache.write(content.digest())) {
                    ByteBuffer wrong = ByteBuffer.allocate(content.size())
                            .put(content.bytes().duplicate())
                            .flip();
                    wrong.put(content.size() / 2, (byte) (wrong.get(content.size() / 2) ^ 1));
                    writer.write(wrong);
                    assertThatThrownBy(writer::commit).isInstanceOf(DigestMismatchException.class);
                    assertThat(writer.readable()).isLessThan(content.size());
                    assertThatThrownBy(writer::commit).isInstanceOf(IllegalStateException.class);
                }
                try (ContentWriter writer = cache.write(content.digest())) {
                    writer.write(content.bytes().slice(0, content.size() - 1));
                    assertThatThrownBy(writer::commit)
                            .isInstanceOf(DigestMismatchException.class)
                            .hasMessageContaining("instead of " + content.size());
                }
                try (ContentWriter writer = cache.write(content.size() - 1)) {
                    assertThatThrownBy(() -> writer.write(content.bytes().duplicate()))
                            .isInstanceOf(DigestMismatchException.class);
                    assertThatThrownBy(() -> writer.write(ByteBuffer.allocate(0)))
                            .isInstanceOf(IllegalStateException.class);
                }
                CacheFixture.requireMiss(cache, content.digest());
                requireNothingKept(cache);
            }
        }
    }

    @Test
    void anAbortedWriterLeavesNothing() throws IOException {
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            for (Content content : CONTENTS) {
                ContentWriter writer = cache.write(content.digest());
                writer.write(content.bytes().slice(0, content.size() / 2));
                writer.close();
                writer.close();
                assertThatThrownBy(() -> writer.read(0, ByteBuffer.allocate(1)))
                        .isInstanceOf(IllegalStateException.class);
                requireNothingKept(cache);
            }
        }
    }

    @Test
    void contentThatWasPutMeanwhileIsNotWrittenAgain() throws IOException {
        Content content = CONTENTS.get(3);
        try (ContentCache cache = open(StorageMode.HYBRID)) {
            try (ContentWriter writer = cache.write(content.digest())) {
                writer.write(content.bytes().duplicate());
                cache.put(content.digest(), content.source());
                List<Path> before = CacheFixture.files(temporary.resolve("cache"));
                assertThat(writer.commit()).isEqualTo(content.digest());
                assertThat(CacheFixture.files(temporary.resolve("cache"))).isEqualTo(before);
                requireReadable(writer, content);
            }
            CacheFixture.requireNoTemporaries(cache);
            assertThat(cache.stats().reservedBytes()).isZero();
        }
    }

    @Test
    void anInterruptedReaderDoesNotDisturbOthers() throws Exception {
        Content content = CONTENTS.get(5);
        try (ContentCache cache = open(StorageMode.HYBRID);
                ContentWriter writer = cache.write(content.digest())) {
            writer.write(content.bytes().slice(0, 5 * MIB));
            awaitReadable(writer, 4 * MIB);
            interruptedRead(() -> writer.read(0, ByteBuffer.allocateDirect(MIB)));
            requireReadable(writer, content);
            writer.write(content.bytes().slice(5 * MIB, 17));
            writer.commit();
            interruptedRead(() -> writer.read(0, ByteBuffer.allocateDirect(MIB)));
            requireReadable(writer, content);
            try (CachedContent open = cache.open(content.digest()).orElseThrow()) {
                interruptedRead(() -> open.read(ByteRange.all(), ByteBuffer.allocateDirect(content.size())));
                ByteBuffer all = ByteBuffer.allocateDirect(content.size());
                open.read(ByteRange.all(), all);
                assertThat(all.flip()).isEqualTo(content.bytes());
            }
        }
    }

    /** Reads in a thread that is interrupted, which must fail and stay interrupted. */
    private static void interruptedRead(org.assertj.core.api.ThrowableAssert.ThrowingCallable read) throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicReference<Boolean> flag = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            Thread.currentThread().interrupt();
            try {
                read.call();
            } catch (Throwable e) {
                failure.set(e);
            }
            flag.set(Thread.interrupted());
        });
        thread.start();
        thread.join();
        assertThat(failure.get()).isInstanceOf(ClosedByInterruptException.class);
        assertThat(flag.get()).isTrue();
    }

    @Test
    void aClientThatAnnouncesMuchAndSendsLittleEvictsLittle() throws IOException {
        int count = 150;
        CacheOptions options = CacheOptions.ofMaxBytes(16L << 20);
        try (ContentCache cache = CacheFixture.open(temporary.resolve("cache"), options)) {
            for (int i = 0; i < count; i++) {
                Content content = CacheFixture.random(100 + i, 100 * KIB);
                cache.put(content.digest(), content.source());
            }
            long before = cache.stats().storedBytes();
            assertThat(before).isGreaterThan(14L << 20);
            try (ContentWriter writer = cache.write(16L << 20)) {
                writer.write(ByteBuffer.allocate(100));
                CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
                assertThat(before - cache.stats().storedBytes()).isLessThan(5L << 20);
            }
            assertThat(cache.stats().reservedBytes()).isZero();
            assertThatThrownBy(() -> cache.write((16L << 20) + 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("larger than the cache");
        }
    }
}
