package io.blobstore;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The content of several sources, one after another. */
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

    /** Returns a slice that omits the sources of which it contains no byte. */
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
    public RetainedSource retain() {
        List<RetainedSource> retained = new ArrayList<>(sources.size());
        try {
            sources.forEach(source -> retained.add(source.retain()));
        } catch (RuntimeException | Error e) {
            retained.forEach(RetainedSource::close);
            throw e;
        }
        return RetainedSource.of(
                new ConcatSource(List.copyOf(retained), size), () -> retained.forEach(RetainedSource::close));
    }

    @Override
    public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
        BufferSource.requirePositive(maxBufferSize);
        for (BlobSource source : sources) {
            source.forEachBuffer(maxBufferSize, visitor);
        }
    }

    @Override
    public void checkUnchanged() throws IOException {
        for (BlobSource source : sources) {
            source.checkUnchanged();
        }
    }

    @Override
    public Optional<String> identity() {
        List<String> identities =
                sources.stream().flatMap(source -> source.identity().stream()).toList();
        return identities.size() == sources.size() ? Optional.of(String.join("\n", identities)) : Optional.empty();
    }

    @Override
    public String toString() {
        return "ConcatSource" + sources;
    }
}
