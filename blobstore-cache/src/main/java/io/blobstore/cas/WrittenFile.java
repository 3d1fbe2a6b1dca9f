package io.blobstore.cas;

import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.cas.internal.CasblobWriter;
import io.blobstore.cas.internal.Entry;
import io.blobstore.cas.internal.EntryChannel;
import io.blobstore.cas.internal.EntryFile;
import io.blobstore.cas.internal.EntryKey;
import io.blobstore.cas.internal.EntryWriter;
import io.blobstore.cas.internal.TemporaryEntry;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file of a {@link ContentWriter}: written by one thread, and read by others before and after it is published. */
final class WrittenFile implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(WrittenFile.class);

    private final CacheContext context;
    private final long size;
    private final TemporaryEntry file;
    private final EntryWriter writer;
    private final EntryChannel channel;

    /** Whether everything can be read. */
    private volatile boolean verified;
    /** Keeps the published file from being deleted while it is read. */
    private Optional<Entry> lease = Optional.empty();

    WrittenFile(CacheContext context, long size) throws IOException {
        this.context = context;
        this.size = size;
        this.file = context.create(Keyspace.CAS, size);
        try {
            this.writer = context.writer(file, size);
            this.channel = EntryChannel.open(this::openForReading);
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private FileChannel openForReading() throws IOException {
        Path path = file.path();
        try {
            return context.files().open(path);
        } catch (NoSuchFileException e) {
            if (file.path().equals(path)) {
                throw e;
            }
            return context.files().open(file.path()); // it was published meanwhile
        }
    }

    boolean isFramed() {
        return writer.format() == EntryFile.Format.CASBLOB;
    }

    int pieceSize() {
        return writer.pieceSize();
    }

    void add(BlobSource content, Runnable done) throws IOException {
        writer.add(content, done);
    }

    void flush() throws IOException {
        writer.flush();
    }

    long readable() {
        long held = verified ? size : (size - 1) / CasblobWriter.FRAME * CasblobWriter.FRAME;
        return Math.min(held, writer.readable());
    }

    int read(long offset, ByteBuffer target) throws IOException {
        int limit = target.limit();
        int room = (int) Math.min(target.remaining(), readable() - offset);
        try {
            return writer.read(channel, context.decoders, offset, target.limit(target.position() + room));
        } finally {
            target.limit(limit);
        }
    }

    Sha256 finish() throws IOException {
        return writer.finish();
    }

    /** Makes the file visible, unless the content is there already: then this copy stays until it is closed. */
    void publish(Digest digest) throws IOException {
        EntryKey key = ContentReads.key(digest);
        if (!new ContentReads(context).contains(digest)) {
            writer.describe(context.publish(file, key, writer.format(), size));
            lease = context.index.acquire(key);
        }
        verified = true;
    }

    @Override
    public void close() {
        try (file;
                channel;
                writer) {
            lease.ifPresent(context.index::release);
        } catch (IOException e) {
            LOG.warn("{} was not deleted", file.path(), e);
        }
    }
}
