package io.blobstore.split.internal.format;

import io.blobstore.BlobSource;
import io.blobstore.split.ContentType;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.verity.VerityDigest;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes a split stream.
 *
 * <p>Keeps in memory: the ids of the objects, 1 MiB of inline bytes, and 4 MiB of compressed chunks; what exceeds that
 * is in temporary files. Inline bytes that follow each other become one chunk, however many they are, as in the streams
 * of composefs-rs: with the same version of zstd, equal streams have equal bytes and ids. That must not be relied on.
 *
 * <p>Not thread-safe. Must be closed, also after {@link #finish()}.
 */
public final class SplitStreamWriter implements Closeable {
    private static final int MAX_INLINE_MEMORY = 1 << 20;

    /** The number of bytes visited at a time, which bounds the buffers of sources that copy. */
    private static final int WINDOW = 128 * 1024;

    /** An index below {@link NamedRefs#MAX_NAMES}, a colon, and a zero byte. */
    private static final int NAME_OVERHEAD = 7;

    private final ObjectHash hash;
    private final ContentType contentType;
    private final RefTable objects;
    private final RefTable streams;
    private final SortedMap<String, ObjectId> names = new TreeMap<>(SplitStreamWriter::compareAsBytes);
    private final SpillBuffer inline;
    private final FrameWriter chunks;
    private final FrameWriter namedRefs;
    private final ByteBuffer head = ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private long nameBytes;
    private long size;
    private boolean finished;

    private SplitStreamWriter(ObjectHash hash, ContentType contentType, Path directory) {
        this.hash = hash;
        this.contentType = contentType;
        this.objects = new RefTable(hash);
        this.streams = new RefTable(hash);
        this.inline = new SpillBuffer(MAX_INLINE_MEMORY, directory);
        this.chunks = new FrameWriter(directory);
        this.namedRefs = new FrameWriter(directory);
    }

    /**
     * Creates a writer of an empty stream.
     *
     * @param hash the hash function of all ids
     * @param contentType what the stream merges to
     * @param directory the directory for temporary files, which have no name on Linux
     */
    public static SplitStreamWriter create(ObjectHash hash, ContentType contentType, Path directory) {
        return new SplitStreamWriter(hash, contentType, directory);
    }

    /** Returns the number of bytes that the stream merges to so far. */
    public long size() {
        return size;
    }

    /**
     * Adds inline bytes, the buffer's remaining ones; the buffer's position is its limit after that. They are kept
     * until an object follows.
     *
     * @throws IOException if a temporary file cannot be written
     */
    public void inline(ByteBuffer bytes) throws IOException {
        requireNotFinished();
        size += bytes.remaining();
        inline.add(bytes);
    }

    /**
     * Adds all inline bytes up to the next object: they are compressed at once, and not kept. Inline bytes that are
     * added next become a chunk of their own, which is correct, but not what composefs-rs writes.
     *
     * @throws IOException if the source cannot be read, or a temporary file not be written
     */
    public void inlineRun(BlobSource bytes) throws IOException {
        requireNotFinished();
        if (inline.size() > 0) { // joined with what was kept
            bytes.forEachBuffer(WINDOW, this::inline);
            endInline();
        } else {
            size += bytes.size();
            writeInline(bytes);
        }
    }

    /**
     * Adds a reference to an object.
     *
     * @param bytes the size of the object
     * @throws IOException if a temporary file cannot be written
     */
    public void object(ObjectId id, long bytes) throws IOException {
        requireNotFinished();
        endInline();
        size += bytes;
        writeHead(objects.indexOf(id));
    }

    /**
     * Adds the id of another stream, which this one keeps alive.
     *
     * @param name the name under which this stream refers to it; a later one replaces an earlier one of the same name
     * @throws IllegalArgumentException if the name contains a zero character, or there are more names than can be read
     *     again: 100,000, or 16 MiB
     */
    public void streamRef(String name, ObjectId id) {
        requireNotFinished();
        if (name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("the name of a stream contains a zero character");
        }
        if (!names.containsKey(name)) {
            long bytes = nameBytes + name.getBytes(StandardCharsets.UTF_8).length + NAME_OVERHEAD;
            if (names.size() == NamedRefs.MAX_NAMES || bytes > NamedRefs.MAX_BYTES) {
                throw new IllegalArgumentException("a split stream refers to at most " + NamedRefs.MAX_NAMES
                        + " others, with names of at most " + NamedRefs.MAX_BYTES + " bytes");
            }
            nameBytes = bytes;
        }
        streams.indexOf(id);
        names.put(name, id);
    }

    /**
     * Ends the stream.
     *
     * @throws IOException if a temporary file cannot be written
     */
    public WrittenStream finish() throws IOException {
        requireNotFinished();
        endInline();
        finished = true;
        BlobSource chunkBytes = chunks.end();
        BlobSource nameBytes = compressNames();
        BlobSource streamBytes = streams.content();
        BlobSource objectBytes = objects.content();
        Section streamRefs = after(SplitStreamHeader.HEADER_BYTES + SplitStreamHeader.INFO_BYTES, streamBytes);
        Section objectRefs = after(streamRefs.end(), objectBytes);
        Section nameSection = after(objectRefs.end(), nameBytes);
        Section chunkSection = after(nameSection.end(), chunkBytes);
        SplitStreamHeader header =
                new SplitStreamHeader(hash, contentType, size, streamRefs, objectRefs, chunkSection, nameSection);
        BlobSource content = BlobSource.concat(
                List.of(BlobSource.of(header.encode()), streamBytes, objectBytes, nameBytes, chunkBytes));
        return new WrittenStream(VerityDigest.of(hash, content), content, size, objects.count());
    }

    private static Section after(long start, BlobSource content) {
        return new Section(start, start + content.size());
    }

    private BlobSource compressNames() throws IOException {
        for (Map.Entry<String, ObjectId> ref : names.entrySet()) {
            String entry = streams.indexOf(ref.getValue()) + ":" + ref.getKey() + "\0";
            namedRefs.write(ByteBuffer.wrap(entry.getBytes(StandardCharsets.UTF_8)));
        }
        return namedRefs.end();
    }

    /** Orders as UTF-8 does, which is by code points. */
    private static int compareAsBytes(String a, String b) {
        return Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
    }

    private void endInline() throws IOException {
        if (inline.size() > 0) {
            writeInline(inline.content());
            inline.clear();
        }
    }

    private void writeInline(BlobSource bytes) throws IOException {
        if (bytes.size() > 0) {
            writeHead(-bytes.size());
            bytes.forEachBuffer(WINDOW, chunks::write);
        }
    }

    private void writeHead(long value) throws IOException {
        chunks.write(head.clear().putLong(value).flip());
    }

    private void requireNotFinished() {
        if (finished) {
            throw new IllegalStateException("this split stream is finished");
        }
    }

    /**
     * Releases the memory and deletes temporary files: the content of the stream is not valid after that. Idempotent.
     */
    @Override
    public void close() throws IOException {
        finished = true;
        try (inline;
                chunks;
                namedRefs) {
            // each one is closed even if another one fails
        }
    }
}
