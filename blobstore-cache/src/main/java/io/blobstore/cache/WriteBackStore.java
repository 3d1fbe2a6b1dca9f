package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.DeleteResult;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.cas.CachedContent;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.Checksums;
import io.blobstore.spi.Deletions;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Acknowledges blobs when they are in the cache, and uploads them later. Until then, reads and metadata are those of
 * the acknowledged blob. What only the remote store can decide waits for the upload of the keys concerned: stores with
 * a condition, listings, copies, uploads in parts and presigned URLs. Thread-safe.
 */
final class WriteBackStore extends ForwardingBlobStore {
    private final CachingStore remote;
    private final WriteBack writeBack;
    private final VersionAliases aliases;

    WriteBackStore(CachingStore remote, WriteBack writeBack, VersionAliases aliases) {
        super(remote);
        this.remote = remote;
        this.writeBack = writeBack;
        this.aliases = aliases;
    }

    // ---- writing

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        writeBack.requireOpen();
        if (options.precondition() == Precondition.none()
                && content.size() <= capabilities().maxBlobSize()) {
            Optional<StoredBlob> accepted = writeBack.accept(key, content, options);
            if (accepted.isPresent()) {
                return accepted.get();
            }
        }
        if (options.precondition() == Precondition.none()) {
            return writeBack.instead(Operation.STORE, key, () -> remote.store(key, content, options));
        }
        return writeBack.after(Operation.STORE, key, () -> remote.store(key, content, translated(key, options)));
    }

    private StoreOptions translated(BlobKey key, StoreOptions options) throws IOException {
        return options.toBuilder()
                .precondition(toRemote(key, options.precondition()))
                .build();
    }

    private Precondition toRemote(BlobKey key, Precondition condition) throws IOException {
        return condition instanceof Precondition.IfMatch match
                ? Precondition.ifMatch(aliases.toRemote(key, match.version()))
                : condition;
    }

    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
            throws IOException {
        writeBack.requireOpen();
        if (options.precondition() != Precondition.none()) {
            writeBack.settle(Operation.CREATE_UPLOAD, key::equals);
        }
        return new OrderedUpload(
                remote.createMultipartUpload(key, layout, translated(key, options)),
                writeBack,
                options.precondition() != Precondition.none());
    }

    @Override
    public Optional<MultipartUpload> resumeMultipartUpload(
            BlobKey key, String id, PartLayout layout, StoreOptions options) throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(layout, "layout");
        Objects.requireNonNull(options, "options");
        writeBack.requireOpen();
        boolean conditional = options.precondition() != Precondition.none();
        if (conditional) {
            writeBack.settle(Operation.RESUME_UPLOAD, key::equals);
        }
        return remote.resumeMultipartUpload(key, id, layout, translated(key, options))
                .map(upload -> new OrderedUpload(upload, writeBack, conditional));
    }

    @Override
    public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        Objects.requireNonNull(from, "from");
        Objects.requireNonNull(to, "to");
        Objects.requireNonNull(options, "options");
        writeBack.requireOpen();
        writeBack.settle(Operation.COPY, from::equals);
        CopyOptions.Builder translated = options.toBuilder();
        if (options.sourceVersion().isPresent()) {
            translated.sourceVersion(
                    aliases.toRemote(from, options.sourceVersion().get()));
        }
        if (options.precondition() == Precondition.none()) {
            return writeBack.instead(Operation.COPY, to, () -> remote.copy(from, to, translated.build()));
        }
        return writeBack.after(
                Operation.COPY,
                to,
                () -> remote.copy(
                        from,
                        to,
                        translated
                                .precondition(toRemote(to, options.precondition()))
                                .build()));
    }

    // ---- deleting

    @Override
    public void delete(BlobKey key) throws IOException {
        writeBack.requireOpen();
        writeBack.instead(Operation.DELETE, key, () -> {
            remote.delete(key);
            return key;
        });
    }

    @Override
    public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
        Objects.requireNonNull(keys, "keys");
        writeBack.requireOpen();
        List<BlobKey> waiting =
                keys.stream().filter(key -> writeBack.get(key).isPresent()).toList();
        if (waiting.isEmpty()) {
            return remote.delete(keys);
        }
        List<BlobKey> others = new ArrayList<>(keys);
        others.removeAll(waiting);
        DeleteResult one = Deletions.oneByOne(waiting, this::delete);
        DeleteResult other = remote.delete(others);
        List<BlobKey> deleted = new ArrayList<>(one.deleted());
        deleted.addAll(other.deleted());
        Map<BlobKey, BlobStoreException> failures = new LinkedHashMap<>(one.failures());
        failures.putAll(other.failures());
        return DeleteResult.of(deleted, failures);
    }

    @Override
    public long deleteAll(String prefix) throws IOException {
        writeBack.requireOpen();
        if (!prefix.isEmpty()) {
            writeBack.settle(Operation.DELETE_ALL, key -> key.toString().startsWith(prefix));
        }
        return remote.deleteAll(prefix);
    }

    // ---- reading

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        writeBack.requireOpen();
        Optional<PendingBlob> pending = writeBack.get(key);
        return pending.isPresent() ? pending.get().record.blob() : aliases.toCaller(remote.head(key));
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(range, "range");
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(options, "options");
        ByteRanges.requireRoom(range, target.remaining());
        writeBack.requireOpen();
        Optional<PendingBlob> pending = writeBack.get(key);
        Optional<CachedContent> content = pending.isPresent() ? writeBack.open(pending.get()) : Optional.empty();
        if (pending.isPresent() && content.isPresent()) {
            try (CachedContent opened = content.get()) {
                return readPending(pending.get().record.blob(), opened, range, target, options);
            }
        }
        ReadOptions translated = options.ifMatch().isPresent()
                ? ReadOptions.ifMatch(aliases.toRemote(key, options.ifMatch().get()))
                : options;
        try {
            return toCaller(remote.read(key, range, target, translated));
        } catch (PartialReadException e) {
            ReadResult received = toCaller(e.received());
            throw received.equals(e.received())
                    ? e
                    : new PartialReadException(key, received, "ended after " + received.length() + " bytes", e);
        }
    }

    private ReadResult toCaller(ReadResult read) {
        return ReadResult.of(aliases.toCaller(read.blob()), read.length(), read.checksum());
    }

    private static ReadResult readPending(
            BlobMetadata blob, CachedContent content, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        Optional<BlobVersion> wanted = options.ifMatch();
        if (wanted.isPresent() && !wanted.get().equals(blob.version())) {
            throw new PreconditionFailedException(
                    Operation.READ,
                    blob.key(),
                    "it has version " + blob.version() + ", but " + wanted.get() + " was expected",
                    null);
        }
        ByteRange exact = ByteRanges.resolve(range, blob.key(), blob.size(), target.remaining());
        MeasuredWindow window = new MeasuredWindow(target);
        if (exact.length() > 0) {
            content.read(exact, window);
        }
        Crc32c checksum = window.checksum();
        if (exact.length() == blob.size()) {
            Checksums.requireStored(Operation.READ, blob, checksum);
        }
        return ReadResult.of(blob, exact.length(), checksum);
    }

    /** Lists the remote store, after it has all blobs that wait and have the prefix. */
    @Override
    public BlobListing list(ListOptions options) throws IOException {
        writeBack.requireOpen();
        writeBack.settle(Operation.LIST, key -> key.toString().startsWith(options.prefix()));
        return new AliasedListing(remote.list(options), aliases);
    }

    @Override
    public PresignedUrl presign(BlobKey key, PresignOptions options) throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(options, "options");
        writeBack.requireOpen();
        writeBack.settle(Operation.PRESIGN, key::equals);
        return remote.presign(key, options);
    }

    @Override
    public void close() throws IOException {
        Closing.all(List.of(writeBack, remote));
    }

    @Override
    public String toString() {
        return remote.toString();
    }
}
