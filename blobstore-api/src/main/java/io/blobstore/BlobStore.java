package io.blobstore;

import io.blobstore.spi.PartLayout;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;

/**
 * A store of blobs: a bucket, a directory, or part of one.
 *
 * <p>Every method blocks until it is done, throws {@link BlobStoreException} (with its subtypes) if it fails, and is
 * safe to be called by any number of threads, virtual ones included. When a method returns or throws, no thread, socket
 * or native call touches the buffers and sources given to it any more. An interrupt makes a blocked call fail soon:
 * with the {@link java.nio.channels.ClosedByInterruptException}, {@link java.io.InterruptedIOException} or
 * {@link InterruptedException} as a cause, and the thread's interrupt status set.
 *
 * <pre>{@code
 * StoredBlob stored = store.store(key, BlobSource.ofPath(path), StoreOptions.DEFAULT);
 * ByteBuffer memory = ByteBuffer.allocateDirect(Math.toIntExact(stored.size()));
 * ReadResult read = store.read(key, ByteRange.all(), memory);
 * try (BlobListing listing = store.list(ListOptions.prefix("logs/"))) {
 *     while (listing.hasNext()) {
 *         System.out.println(listing.next().name());
 *     }
 * }
 * store.delete(List.of(key, BlobKey.of("logs/old"))).throwIfFailed();
 * }</pre>
 *
 * <p>The methods without a body are the contract that backends implement and {@code BlobStoreContract} (in the
 * test-jar) checks; those with a body are shorthand for them, the same for every backend, and not to be overridden.
 */
public interface BlobStore extends Closeable {
    /**
     * Stores a blob in one request, whole or not at all: other readers see what the key held before until they see all
     * of it. For large content use {@link io.blobstore.transfer.TransferManager}.
     *
     * @throws BlobAlreadyExistsException if the precondition is {@link Precondition#ifAbsent()} and there is a blob
     * @throws PreconditionFailedException if the precondition is {@link Precondition#ifMatch} and there is another
     *     version
     * @throws InvalidBlobKeyException if this store cannot hold such a key
     * @throws SourceChangedException if the source changed meanwhile
     * @throws IntegrityException if the store received something else than the source holds
     */
    StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException;

    /** As {@link #store(BlobKey, BlobSource, StoreOptions)}, with default options. */
    default StoredBlob store(BlobKey key, BlobSource content) throws IOException {
        return store(key, content, StoreOptions.DEFAULT);
    }

    /**
     * As {@link #store(BlobKey, BlobSource, StoreOptions)}, with default options and a buffer's remaining bytes. The
     * buffer's position and limit stay as they are.
     */
    default StoredBlob store(BlobKey key, ByteBuffer content) throws IOException {
        return store(key, BlobSource.of(content), StoreOptions.DEFAULT);
    }

    /**
     * Reads part of a blob, or all of it, into a window of a target: its memory is filled in place, and what is direct
     * without a copy on the Java heap. The caller flushes and closes it.
     *
     * <p>If the call fails, what was put into the window is of no use, unless a {@link PartialReadException} vouches
     * for it. It stays put: to ask again takes another window. A range that covers the whole blob is compared with the
     * blob's checksum, if the store keeps one; a part cannot be, and whoever assembles parts combines their checksums.
     *
     * @return which blob was read, how much of it was put into the window, and the checksum of that
     * @throws BlobNotFoundException if there is no blob
     * @throws RangeNotSatisfiableException if the range is not inside the blob, or the target too small for it
     * @throws PreconditionFailedException if {@link ReadOptions#ifMatch} names another version
     * @throws IntegrityException if the whole blob was read and its checksum differs
     * @throws PartialReadException if the connection ended in mid-content; not every store tells how far it came
     * @throws TargetException the one that the window threw, if its target could not keep what arrived
     * @throws IllegalArgumentException if the target is smaller than an exact range; thrown before any request
     */
    ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options) throws IOException;

    /**
     * As {@link #read(BlobKey, ByteRange, BlobTarget.Window, ReadOptions)}, into memory of the caller.
     *
     * <p>The bytes go to the target from its position on, and the position is moved behind them; the limit stays. If
     * the call fails, the position is where it was, and what lies behind it is undefined, but for what a
     * {@link PartialReadException} vouches for.
     *
     * @throws IllegalArgumentException if the target is read-only, or smaller than an exact range; thrown before any
     *     request
     */
    default ReadResult read(BlobKey key, ByteRange range, ByteBuffer target, ReadOptions options) throws IOException {
        ByteBuffer view = target.slice();
        ReadResult result = read(key, range, BlobTarget.Window.of(view), options);
        target.position(target.position() + view.position());
        return result;
    }

    /** As {@link #read(BlobKey, ByteRange, ByteBuffer, ReadOptions)}, with default options. */
    default ReadResult read(BlobKey key, ByteRange range, ByteBuffer target) throws IOException {
        return read(key, range, target, ReadOptions.DEFAULT);
    }

    /**
     * What the store knows about a blob.
     *
     * @throws BlobNotFoundException if there is no blob
     */
    BlobMetadata head(BlobKey key) throws IOException;

    /**
     * Lists blobs, sorted by the UTF-8 bytes of their keys, fetching as it goes. Blobs stored or deleted meanwhile may
     * or may not appear; all others appear exactly once.
     *
     * @return the listing, to be closed by the caller
     */
    BlobListing list(ListOptions options) throws IOException;

    /** Deletes a blob. If there is none, does nothing. */
    void delete(BlobKey key) throws IOException;

    /**
     * Deletes the blobs of several keys, with few requests where the store can delete several blobs with one. Keys
     * without a blob count as deleted, and a key that is given twice is deleted once. Not atomic.
     *
     * <p>A blob that cannot be deleted does not keep the others from being deleted: each key's failure is in the
     * result.
     *
     * @param keys the keys; may be empty
     * @return the keys that hold no blob any more, and the failures
     */
    DeleteResult delete(Collection<BlobKey> keys) throws IOException;

    /**
     * Deletes every blob whose key begins with a prefix, one after the other: not atomic, and those stored meanwhile
     * may stay.
     *
     * @return the number of blobs deleted
     * @throws IllegalArgumentException if the prefix is empty: nobody should empty a store by an unset variable
     */
    long deleteAll(String prefix) throws IOException;

    /**
     * Copies a blob inside the store, content and metadata, without moving it through this process where the store can.
     *
     * @throws BlobNotFoundException if there is no blob to copy
     * @throws PreconditionFailedException if a condition of the options does not hold
     */
    StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException;

    /** As {@link #copy(BlobKey, BlobKey, CopyOptions)}, with default options. */
    default StoredBlob copy(BlobKey from, BlobKey to) throws IOException {
        return copy(from, to, CopyOptions.DEFAULT);
    }

    /**
     * Makes a URL that lets its bearer make one request without further credentials.
     *
     * @throws UnsupportedOperationException if {@link StoreCapabilities#presign()} says that this store cannot
     */
    PresignedUrl presign(BlobKey key, PresignOptions options) throws IOException;

    /**
     * Begins a blob that is sent in parts, in any order and in parallel. Nothing is visible before
     * {@link MultipartUpload#complete}.
     *
     * @param layout how the content is cut, inside the limits of {@link #capabilities()}
     * @return the upload, to be closed by the caller, which aborts it unless it was completed
     * @throws UnsupportedOperationException if {@link StoreCapabilities#multipart()} says that this store cannot
     * @throws IllegalArgumentException if the layout is outside the store's limits
     */
    MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options) throws IOException;

    /** What this store can do, and its limits. Asks nobody; decorators pass it on. */
    StoreCapabilities capabilities();

    /** What this store is, without secrets: its URI, and around it the decorators it is wrapped in. */
    @Override
    String toString();

    /**
     * Frees what the store holds: connections, descriptors, locks. Idempotent. Calls after that, and uploads still
     * open, fail with {@link IllegalStateException}.
     */
    @Override
    void close() throws IOException;
}
