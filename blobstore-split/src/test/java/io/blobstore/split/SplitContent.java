package io.blobstore.split;

import io.blobstore.BlobSource;
import io.blobstore.split.internal.format.SplitStreamWriter;
import io.blobstore.split.internal.format.WrittenStream;
import io.blobstore.split.internal.input.SourceInput;
import io.blobstore.split.internal.verity.VerityDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The simplest engine: splits a source in one thread, and keeps everything in memory.
 *
 * @param stream the bytes of the stream
 * @param id the id of the stream
 * @param objects the objects in the order of their first appearance
 * @param chunks the chunks as the table of the vectors describes them
 */
record SplitContent(ByteBuffer stream, ObjectId id, Map<ObjectId, ByteBuffer> objects, List<String> chunks) {

    static SplitContent of(
            BlobSource source, Splitter splitter, ObjectHash hash, ContentType type, Path temporaryDirectory)
            throws IOException {
        try (SourceInput input = SourceInput.open(source);
                SplitStreamWriter writer = SplitStreamWriter.create(hash, type, temporaryDirectory)) {
            Sink sink = new Sink(input.retainUnchecked(0, input.size()), input, writer, hash);
            splitter.split(input, sink);
            sink.endInline(input.position());
            WrittenStream written = writer.finish();
            if (written.size() != source.size()) {
                throw new AssertionError("a stream of " + written.size() + " bytes of a source of " + source.size());
            }
            return new SplitContent(bytes(written.content()), written.id(), sink.objects, sink.chunks);
        }
    }

    static ByteBuffer bytes(BlobSource source) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) source.size());
        source.forEachBuffer(1 << 16, bytes::put);
        return bytes.flip();
    }

    private static final class Sink implements SplitSink {
        private final BlobSource source;
        private final SourceInput input;
        private final SplitStreamWriter writer;
        private final VerityDigest digest;
        private final Map<ObjectId, ByteBuffer> objects = new LinkedHashMap<>();
        private final List<String> chunks = new ArrayList<>();
        private final Map<ObjectId, Integer> indices = new LinkedHashMap<>();
        private long inlineBytes;

        Sink(BlobSource source, SourceInput input, SplitStreamWriter writer, ObjectHash hash) {
            this.source = source;
            this.input = input;
            this.writer = writer;
            this.digest = new VerityDigest(hash);
        }

        @Override
        public void inline(long length) throws IOException {
            input.consume(length);
            inlineBytes += length;
        }

        void endInline(long end) throws IOException {
            if (inlineBytes > 0) {
                chunks.add("i" + inlineBytes);
                writer.inlineRun(source.slice(end - inlineBytes, inlineBytes));
                inlineBytes = 0;
            }
        }

        @Override
        public void object(long length, @Nullable String entry) throws IOException {
            long offset = input.position();
            input.consume(length);
            endInline(offset);
            BlobSource content = source.slice(offset, length);
            ObjectId id = digest.digest(content);
            if (!objects.containsKey(id)) {
                objects.put(id, bytes(content));
                indices.put(id, indices.size());
            }
            chunks.add("e" + indices.get(id));
            writer.object(id, length);
        }
    }
}
