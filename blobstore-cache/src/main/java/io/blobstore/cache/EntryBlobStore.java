package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.DeleteResult;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.ReadOptions;
import io.blobstore.Sha256;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadListing;
import io.blobstore.cas.CachedContent;
import io.blobstore.cas.Keyspace;
import io.blobstore.cas.StoredContent;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/**
 * A store of a cache's entries, each under {@code KEYSPACE/HASH}, that {@link RemoteCache} puts behind a cache. Sizes
 * and offsets are those of the content, however it is stored. Single entries can be read, stored and asked for; what
 * else a {@link BlobStore} can do throws {@link UnsupportedOperationException}. An entry is stored with one call,
 * whatever its size. Thread-safe.
 */
public abstract class EntryBlobStore implements BlobStore {
    /** Creates the store. */
    protected EntryBlobStore() {}

    /** Returns the key of an entry, such as {@code cas/HASH}. */
    public static BlobKey key(Keyspace keyspace, Sha256 hash) {
        return BlobKey.of(keyspace.name().toLowerCase(Locale.ROOT) + '/' + hash.hex());
    }

    /**
     * Reads a small entry, with as few requests as possible. An implementation may be asked for what is not small.
     *
     * @param target receives all of the content from its position on, which advances, if it has room for it; otherwise
     *     its position is unchanged. After a failure it is undefined
     * @return the metadata
     */
    public BlobMetadata readSmall(BlobKey key, ByteBuffer target) throws IOException {
        BlobMetadata blob = head(key);
        if (blob.size() > 0 && blob.size() <= target.remaining()) {
            read(key, ByteRange.of(0, blob.size()), target, ReadOptions.ifMatch(blob.version()));
        }
        return blob;
    }

    /**
     * Stores content of a cache, in place of what is there. An implementation may send the form in which the cache
     * {@linkplain CachedContent#stored stores} it, after it has verified that.
     *
     * @param content open until this returns
     */
    public StoredBlob store(BlobKey key, CachedContent content) throws IOException {
        return store(key, CachedSource.of(content), StoreOptions.DEFAULT);
    }

    /**
     * Decodes all of some content, so that damage is found, and returns the form in which a cache stores it as a
     * source, which is readable while the content is open.
     *
     * @throws io.blobstore.IntegrityException if it is damaged
     */
    protected static BlobSource storedForm(CachedContent content, StoredContent stored) throws IOException {
        content.verify();
        CachedSource.of(content).forEachBuffer(Integer.MAX_VALUE, decoded -> {}); // checks the frames' checksums
        return CachedSource.stored(content, stored);
    }

    @Override
    public StoreCapabilities capabilities() {
        return StoreCapabilities.builder().multipart(false).build();
    }

    private UnsupportedOperationException unsupported() {
        return new UnsupportedOperationException(
                this + " reads and stores single entries of a cache, and nothing else");
    }

    @Override
    public final MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options) {
        throw unsupported();
    }

    @Override
    public final Optional<MultipartUpload> resumeMultipartUpload(
            BlobKey key, String id, PartLayout layout, StoreOptions options) {
        throw unsupported();
    }

    @Override
    public final BlobListing list(ListOptions options) {
        throw unsupported();
    }

    @Override
    public final void delete(BlobKey key) {
        throw unsupported();
    }

    @Override
    public final DeleteResult delete(Collection<BlobKey> keys) {
        throw unsupported();
    }

    @Override
    public final long deleteAll(String prefix) {
        throw unsupported();
    }

    @Override
    public final StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) {
        throw unsupported();
    }

    @Override
    public final PresignedUrl presign(BlobKey key, PresignOptions options) {
        throw unsupported();
    }

    @Override
    public final UploadListing listUploads(String prefix) {
        throw unsupported();
    }

    @Override
    public final void abortUpload(BlobKey key, String id) {
        throw unsupported();
    }
}
