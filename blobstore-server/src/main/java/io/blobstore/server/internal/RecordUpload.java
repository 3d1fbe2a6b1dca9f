package io.blobstore.server.internal;

import io.blobstore.Sha256;
import io.blobstore.cas.DigestMismatchException;
import io.blobstore.cas.Keyspace;
import io.blobstore.cas.RecordWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** An upload of a record, kept as it was sent, if it is a valid one. */
final class RecordUpload implements Upload {
    private final CacheAccess cache;
    private final Keyspace keyspace;
    private final Sha256 key;
    private final RecordWriter writer;
    private final Optional<RecordCheck> check;

    RecordUpload(CacheAccess cache, Keyspace keyspace, Sha256 key, RecordWriter writer, Optional<RecordCheck> check) {
        this.cache = cache;
        this.keyspace = keyspace;
        this.key = key;
        this.writer = writer;
        this.check = check;
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
            if (check.isPresent()) {
                check.get().require(writer.content());
            }
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
