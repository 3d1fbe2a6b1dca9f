package io.blobstore.split.internal.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.RetainedSource;
import io.blobstore.SourceChangedException;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.split.SplitInput;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@Tag("jdk")
@ExtendWith(LeakCheck.class)
class SourceInputTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    private static byte[] random(int bytes) {
        byte[] content = new byte[bytes];
        new Random(bytes).nextBytes(content);
        return content;
    }

    private static void assertReads(SourceInput input, byte[] content) throws IOException {
        Random random = new Random(1);
        assertThat(input.size()).isEqualTo(content.length);
        for (int at = 0; at < content.length; ) {
            int wanted = random.nextInt(4) == 0 ? random.nextInt(SplitInput.MAX_PEEK + 1) : random.nextInt(2000);
            int expected = Math.min(wanted, content.length - at);
            assertThat(input.position()).isEqualTo(at);
            assertThat(input.available(wanted)).isEqualTo(expected);
            ByteBuffer bytes = input.peek(wanted);
            assertThat(bytes.isReadOnly()).isTrue();
            assertThat(bytes.position()).isZero();
            assertThat(bytes).isEqualTo(ByteBuffer.wrap(content, at, expected));
            int consumed = Math.min(random.nextInt(wanted + 100_000), content.length - at);
            input.consume(consumed);
            at += consumed;
        }
        assertThat(input.peek(1).hasRemaining()).isFalse();
        assertThat(input.available(Long.MAX_VALUE)).isZero();
        assertThatThrownBy(() -> input.consume(1)).isInstanceOf(EOFException.class);
    }

    @Test
    void everySourceIsReadAsItIs() throws IOException {
        byte[] content = random(10 * MIB + 17);
        Path path = Files.write(directory.resolve("data"), content);
        try (SourceInput input = SourceInput.open(BlobSource.ofPath(path))) {
            assertReads(input, content);
        }
        try (SourceInput input = SourceInput.open(BlobSource.of(ByteBuffer.wrap(content)))) {
            assertReads(input, content);
        }
        try (MappedFile file = MappedFile.open(path);
                SourceInput input = SourceInput.open(file.region())) {
            assertReads(input, content);
        }
    }

    @Test
    void aMappingIsInspectedInPlaceAndKeptMappedUntilTheInputIsClosed() throws IOException {
        byte[] content = random(4 * MIB);
        Path path = Files.write(directory.resolve("data"), content);
        MappedFile file = MappedFile.open(path);
        RetainedSource retained = file.region().retain();
        SourceInput input = SourceInput.open(retained);
        retained.close();
        file.close();
        assertThat(file.isReleased()).isFalse();
        input.consume(MIB);
        assertThat(input.peek(MIB).isDirect()).isTrue();
        ByteBuffer all = ByteBuffer.allocate(content.length);
        input.retainUnchecked(0, input.size()).forEachBuffer(1 << 16, all::put);
        assertThat(all.array()).isEqualTo(content);
        assertThat(AllocatedBytes.of(() -> input.peek(MIB))).isLessThan(1000);
        input.close();
        input.close();
        assertThat(file.isReleased()).isTrue();
        assertThatThrownBy(() -> input.peek(1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void filesThatChangeAreNoticed() throws IOException {
        Path path = Files.write(directory.resolve("data"), random(MIB));
        try (SourceInput input = SourceInput.open(BlobSource.ofPath(path))) {
            input.peek(100);
            Files.write(path, random(10), StandardOpenOption.TRUNCATE_EXISTING);
            input.consume(MIB / 2);
            assertThatThrownBy(() -> input.peek(100)).isInstanceOf(SourceChangedException.class);
            assertThatThrownBy(() -> input.peek(100)).isInstanceOf(SourceChangedException.class);
        }
    }

    @Test
    void emptySourcesHaveNothingToInspect() throws IOException {
        Path path = Files.createFile(directory.resolve("empty"));
        try (SourceInput input = SourceInput.open(BlobSource.ofPath(path))) {
            assertReads(input, new byte[0]);
        }
        try (SourceInput input = SourceInput.open(BlobSource.of())) {
            assertReads(input, new byte[0]);
        }
        try (MappedFile file = MappedFile.open(path);
                SourceInput input = SourceInput.open(file.region())) {
            assertReads(input, new byte[0]);
            assertThat(input.retainUnchecked(0, input.size()).size()).isZero();
        }
    }

    /** A mapping of more than a GiB consists of several buffers. The file is sparse. */
    @Test
    void bytesOfTwoBuffersAreInspectedTogether() throws IOException {
        long border = 1L << 30;
        byte[] around = random(1000);
        Path path = directory.resolve("large");
        try (FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.wrap(around), border - 500);
        }
        try (MappedFile file = MappedFile.open(path);
                SourceInput input = SourceInput.open(file.region())) {
            input.consume(border - 500);
            assertThat(input.peek(MIB)).isEqualTo(ByteBuffer.wrap(around));
            assertThat(input.peek(500)).isEqualTo(ByteBuffer.wrap(around, 0, 500));
            ByteBuffer content = ByteBuffer.allocate(around.length);
            input.retainUnchecked(border - 500, around.length).forEachBuffer(MIB, content::put);
            assertThat(content.array()).isEqualTo(around);
            input.consume(500);
            assertThat(input.peek(MIB)).isEqualTo(ByteBuffer.wrap(around, 500, 500));
        }
    }

    @Test
    void noMoreThanOneMebibyteIsInspected() throws IOException {
        try (SourceInput input = SourceInput.open(BlobSource.of(ByteBuffer.allocate(10)))) {
            assertThatThrownBy(() -> input.peek(MIB + 1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> input.peek(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThat(input.peek(0).hasRemaining()).isFalse();
        }
    }
}
