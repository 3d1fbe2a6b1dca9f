package io.blobstore.split;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.RetainedSource;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.split.TarBuilder.Magic;
import io.blobstore.split.internal.format.ChunkVisitor;
import io.blobstore.split.internal.format.SplitStreamReader;
import io.blobstore.split.internal.format.SplitStreamWriter;
import io.blobstore.split.internal.format.WrittenStream;
import io.blobstore.split.internal.input.SourceInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Splits and merges in a JVM with a small heap, and measures the memory of its process. */
class BoundedMemoryTest {
    private static final int ENTRIES = CampaignScale.of(1_000_000);
    private static final long MAX_RESIDENT_KIB = 200 << 10;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"runs", "pieces"})
    void aMillionEmptyEntriesNeedLittleMemory(String mode) throws Exception {
        ChildJvm.Exit exit = ChildJvm.of(EmptyEntries.class, directory)
                .with("-Xmx64m", "-XX:MaxDirectMemorySize=16m")
                .run(Duration.ofMinutes(5), mode, Integer.toString(ENTRIES));
        assertThat(exit.output()).endsWith("merged " + ENTRIES);
        assertThat(exit.code()).isZero();
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aMillionObjectsNeedTheBytesOfTheirIdsAndLittleMore() throws Exception {
        ChildJvm.Exit exit = ChildJvm.of(ManyObjects.class, directory)
                .with("-Xmx" + (24 + ENTRIES / 15_000) + "m", "-XX:MaxDirectMemorySize=16m")
                .run(Duration.ofMinutes(5), Integer.toString(ENTRIES));
        assertThat(exit.output()).endsWith("objects " + ENTRIES);
        assertThat(exit.code()).isZero();
    }

    /** An archive of empty files, all with one header, which is not stored anywhere. */
    private record RepeatedHeader(ByteBuffer header, long offset, long size) implements BlobSource {
        static RepeatedHeader of(long entries) {
            byte[] block =
                    new TarBuilder(0).header("empty", '0', 0, Magic.USTAR).archive();
            ByteBuffer blocks = ByteBuffer.allocateDirect(128 * TarBuilder.BLOCK);
            while (blocks.hasRemaining()) {
                blocks.put(block);
            }
            return new RepeatedHeader(blocks.flip(), 0, entries * TarBuilder.BLOCK);
        }

        @Override
        public BlobSource slice(long offset, long length) {
            Objects.checkFromIndexSize(offset, length, size);
            return new RepeatedHeader(header, this.offset + offset, length);
        }

        @Override
        public RetainedSource retain() {
            return RetainedSource.of(this, () -> {});
        }

        @Override
        public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
            for (long at = offset, end = offset + size; at < end; ) {
                int start = (int) (at % header.limit());
                int length = (int) Math.min(Math.min(header.limit() - start, maxBufferSize), end - at);
                visitor.visit(header.slice(start, length).asReadOnlyBuffer());
                at += length;
            }
        }

        @Override
        public void checkUnchanged() {
            // never changes
        }
    }

    /** Splits and merges an archive of empty files. */
    static final class EmptyEntries {
        private EmptyEntries() {}

        public static void main(String[] args) throws IOException {
            long entries = Long.parseLong(args[1]);
            BlobSource source = RepeatedHeader.of(entries);
            Path file = Path.of("stream");
            try (SourceInput input = SourceInput.open(source);
                    SplitStreamWriter writer =
                            SplitStreamWriter.create(ObjectHash.SHA_256, ContentType.OCI_LAYER, Path.of("."))) {
                long[] inline = new long[1];
                Splitter.tar().split(input, new SplitSink() {
                    @Override
                    public void inline(long length) throws IOException {
                        if (args[0].equals("pieces")) {
                            source.slice(input.position(), length).forEachBuffer(1 << 16, writer::inline);
                        }
                        input.consume(length);
                        inline[0] += length;
                    }

                    @Override
                    public void object(long length, @Nullable String entry) {
                        throw new AssertionError(entry);
                    }
                });
                if (args[0].equals("runs")) {
                    writer.inlineRun(source.slice(0, inline[0]));
                }
                write(writer.finish(), file);
            }
            merge(file, entries);
            Files.delete(file);
            requireResident(MAX_RESIDENT_KIB);
            System.out.println("merged " + entries);
        }

        private static void write(WrittenStream stream, Path file) throws IOException {
            try (FileChannel channel =
                    FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                stream.content().forEachBuffer(1 << 16, channel::write);
            }
        }

        private static void merge(Path file, long entries) throws IOException {
            AtomicLong merged = new AtomicLong();
            try (SplitStreamReader reader =
                    SplitStreamReader.open(FileChannel.open(file), ObjectHash.SHA_256, "of empty files")) {
                reader.forEachChunk(new ChunkVisitor() {
                    @Override
                    public void inline(ByteBuffer bytes) {
                        merged.addAndGet(bytes.remaining());
                    }

                    @Override
                    public long object(long index, ObjectId id) {
                        throw new AssertionError(id);
                    }
                });
            }
            if (merged.get() != entries * TarBuilder.BLOCK) {
                throw new AssertionError("merged to " + merged);
            }
        }
    }

    /** Writes a stream of different objects. */
    static final class ManyObjects {
        private ManyObjects() {}

        public static void main(String[] args) throws IOException {
            int objects = Integer.parseInt(args[0]);
            try (SplitStreamWriter writer =
                    SplitStreamWriter.create(ObjectHash.SHA_256, ContentType.NONE, Path.of("."))) {
                byte[] bytes = new byte[ObjectHash.SHA_256.bytes()];
                for (int number = 0; number < objects; number++) {
                    // A multiple of an odd number: every one differs, in its first bytes too.
                    ByteBuffer.wrap(bytes).putInt(number * 0x9E3779B1).putInt(number);
                    writer.object(ObjectId.of(ObjectHash.SHA_256, bytes), 1);
                }
                System.out.println("objects " + writer.finish().objects());
            }
        }
    }

    /** Compares the largest resident memory of this process, in KiB, with a bound, where it is known. */
    private static void requireResident(long bound) throws IOException {
        Path status = Path.of("/proc/self/status");
        if (Files.isReadable(status)) {
            long peak = Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(0);
            System.out.println("resident " + peak + " KiB");
            if (peak > bound) {
                throw new AssertionError(peak + " KiB of resident memory");
            }
        }
    }
}
