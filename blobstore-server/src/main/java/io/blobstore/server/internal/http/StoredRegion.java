package io.blobstore.server.internal.http;

import io.blobstore.cas.StoredContent;
import io.netty.channel.FileRegion;
import io.netty.util.AbstractReferenceCounted;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stored bytes that the kernel copies to a socket. Closes the lease when it is released. */
final class StoredRegion extends AbstractReferenceCounted implements FileRegion {
    private static final Logger LOG = LoggerFactory.getLogger(StoredRegion.class);

    private final StoredContent stored;
    private final Closeable lease;
    private final long start;
    private final long count;
    private long transferred;

    /**
     * Creates a region.
     *
     * @param lease keeps the file open
     * @param start the first byte in the stored form
     */
    StoredRegion(StoredContent stored, Closeable lease, long start, long count) {
        this.stored = stored;
        this.lease = lease;
        this.start = start;
        this.count = count;
    }

    @Override
    public long position() {
        return start;
    }

    @Override
    @Deprecated
    public long transfered() {
        return transferred;
    }

    @Override
    public long transferred() {
        return transferred;
    }

    @Override
    public long count() {
        return count;
    }

    @Override
    public long transferTo(WritableByteChannel target, long position) throws IOException {
        if (position >= count) {
            return 0;
        }
        long bytes = stored.transferTo(start + position, count - position, target);
        transferred += bytes;
        return bytes;
    }

    @Override
    protected void deallocate() {
        try {
            lease.close();
        } catch (IOException e) {
            LOG.debug("a file was not closed", e);
        }
    }

    @Override
    public FileRegion retain() {
        super.retain();
        return this;
    }

    @Override
    public FileRegion retain(int increment) {
        super.retain(increment);
        return this;
    }

    @Override
    public FileRegion touch() {
        return this;
    }

    @Override
    public FileRegion touch(Object hint) {
        return this;
    }
}
