package io.blobstore.contract;

import io.blobstore.BlobSource;
import io.blobstore.Lease;
import io.blobstore.RetainedSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Content on the heap, leased in small pieces, with something happening before each of them: how a test gets inside of
 * a store that is at work. Empty leases, which only ask whether the source is unchanged, do not count.
 */
final class ScriptedSource implements BlobSource {
    /** What happens before a lease. */
    interface Script {
        /**
         * Runs in the thread that leases.
         *
         * @param lease how many leases came before this one, of this source and all its slices
         */
        void beforeLease(int lease) throws IOException;
    }

    private final BlobSource content;
    private final long leaseSize;
    private final Script script;
    private final AtomicInteger leases;

    ScriptedSource(byte[] content, long leaseSize, Script script) {
        this(BlobSource.of(ByteBuffer.wrap(content)), leaseSize, script, new AtomicInteger());
    }

    private ScriptedSource(BlobSource content, long leaseSize, Script script, AtomicInteger leases) {
        this.content = content;
        this.leaseSize = leaseSize;
        this.script = script;
        this.leases = leases;
    }

    @Override
    public long size() {
        return content.size();
    }

    @Override
    public BlobSource slice(long offset, long length) {
        Objects.checkFromIndexSize(offset, length, size());
        return new ScriptedSource(content.slice(offset, length), leaseSize, script, leases);
    }

    @Override
    public long maxLeaseSize() {
        return leaseSize;
    }

    @Override
    public Lease acquire() throws IOException {
        if (size() > leaseSize) {
            throw new IllegalArgumentException("at most " + leaseSize + " bytes can be leased; got " + size());
        }
        if (size() > 0) {
            script.beforeLease(leases.getAndIncrement());
        }
        return content.acquire();
    }

    @Override
    public RetainedSource retain() {
        return new RetainedSource(this, content.retain().hold());
    }
}
