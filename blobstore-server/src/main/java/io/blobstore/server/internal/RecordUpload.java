package io.blobstore.server.internal;

import io.blobstore.Sha256;
import io.blobstore.cas.DigestMismatchException;
import io.blobstore.cas.Keyspace;
import io.blobstore.cas.RecordWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** An upload of a record, kept as it was sent. */
final class RecordUpload implements Upload {
    private final CacheAccess cache;
    private final Keyspace keyspace;
    private final Sha256 key;
    private final RecordWriter writer;

    RecordUpload(CacheAccess cache, Keyspace keyspace, Sha256 key, RecordWriter writer) {
        this.cache = cache;
        this.keyspace = keyspace;
        this.key = key;
        this.writer = writer;
    }

    @Override
    public void write(ByteBuffer received) throws IOException {
        try {
            writer.write(received);
        } catch (DigestMismatchException e) {
            throw new BadContentException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public CompletableFuture<Void> finish() throws IOException {
        try {
            writer.commit();
        } catch (DigestMismatchException e) {
            throw new BadContentException(String.valueOf(e.getMessage()), e);
        }
        return cache.uploaded(keyspace, key);
    }

    @Override
    public void close() {
        writer.close();
    }
}
