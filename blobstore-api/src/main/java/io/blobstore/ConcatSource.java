package io.blobstore;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Several sources, one after the other. */
final class ConcatSource implements BlobSource {
    private final List<BlobSource> sources;
    private final long size;

    private ConcatSource(List<BlobSource> sources, long size) {
        this.sources = sources;
        this.size = size;
    }

    static BlobSource of(List<? extends BlobSource> sources) {
        if (sources.size() == 1) {
            return sources.get(0);
        }
        long size = 0;
        for (BlobSource source : sources) {
            size = Math.addExact(size, source.size());
        }
        return new ConcatSource(List.copyOf(sources), size);
    }

    @Override
    public long size() {
        return size;
    }

    /** Sources that the slice only touches with 0 bytes are left out of it. */
    @Override
    public BlobSource slice(long offset, long length) {
        Objects.checkFromIndexSize(offset, length, size);
        List<BlobSource> parts = new ArrayList<>();
        long start = 0;
        for (BlobSource source : sources) {
            long from = Math.max(offset - start, 0);
            long to = Math.min(offset + length - start, source.size());
            if (from < to) {
                parts.add(source.slice(from, to - from));
            }
            start += source.size();
        }
        return of(parts);
    }

    @Override
    public long maxLeaseSize() {
        return sources.stream().mapToLong(BlobSource::maxLeaseSize).min().orElse(Long.MAX_VALUE);
    }

    @Override
    public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
        for (BlobSource source : sources) {
            source.forEachBuffer(maxBufferSize, visitor);
        }
    }

    @Override
    public void requireUnchanged() throws IOException {
        for (BlobSource source : sources) {
            source.requireUnchanged();
        }
    }

    @Override
    public Lease acquire() throws IOException {
        if (size > maxLeaseSize()) {
            throw new IllegalArgumentException("at most " + maxLeaseSize() + " bytes of " + this
                    + " can be leased at once; got " + size + " (see BlobSource.forEachBuffer)");
        }
        List<Lease> leases = new ArrayList<>(sources.size());
        try {
            for (BlobSource source : sources) {
                leases.add(source.acquire());
            }
        } catch (IOException | RuntimeException | Error e) {
            leases.forEach(Lease::close);
            throw e;
        }
        return new ConcatLease(leases);
    }

    @Override
    public RetainedSource retain() {
        List<RetainedSource> retained = new ArrayList<>(sources.size());
        try {
            sources.forEach(source -> retained.add(source.retain()));
        } catch (RuntimeException | Error e) {
            retained.forEach(RetainedSource::close);
            throw e;
        }
        return new RetainedSource(
                new ConcatSource(retained.stream().map(RetainedSource::source).toList(), size),
                new ConcatLease(retained.stream().map(RetainedSource::hold).toList()));
    }

    @Override
    public String toString() {
        return "ConcatSource" + sources;
    }

    private record ConcatLease(List<Lease> leases) implements Lease {
        @Override
        public List<ByteBuffer> buffers() {
            return leases.stream().flatMap(lease -> lease.buffers().stream()).toList();
        }

        @Override
        public void close() {
            leases.forEach(Lease::close);
        }
    }
}
