package io.blobstore;

import io.blobstore.spi.PartLayout;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Objects;
import java.util.Optional;

/**
 * A store of blobs: a bucket, a directory, or part of one.
 *
 * <p>Every method blocks until it has completed, throws {@link BlobStoreException} or a subtype if it fails, and may be
 * called by any number of threads at once, including virtual threads. When a method returns or throws, no thread,
 * socket or native call touches the buffers and sources given to it any more. An interrupt makes a blocked call fail
 * soon, with a {@link java.nio.channels.ClosedByInterruptException}, {@link java.io.InterruptedIOException} or
 * {@link InterruptedException} as its cause; the thread's interrupt status stays set.
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
 * <p>Backends implement the abstract methods, which {@code BlobStoreContract} (in the test-jar) checks. The default
 * methods are shorthands for those, the same for every backend, and must not be overridden.
 */
public interface BlobStore extends Closeable {
    /**
     * Stores a blob with one request, atomically: readers see either the previous content of the key or all of the new
     * content. For large content use {@link io.blobstore.transfer.TransferManager}.
     *
     * @throws BlobAlreadyExistsException if the precondition is {@link Precondition#ifAbsent()} and the key has a blob
     * @throws PreconditionFailedException if the precondition is {@link Precondition#ifMatch} and the blob has another
     *     version, or does not exist
     * @throws InvalidBlobKeyException if this store cannot hold such a key
     * @throws SourceChangedException if the source changed while it was read
     * @throws IntegrityException if the content that the store received differs from the content that was sent
     */
    StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException;

    /** Stores a blob with default options; see {@link #store(BlobKey, BlobSource, StoreOptions)}. */
    default StoredBlob store(BlobKey key, BlobSource content) throws IOException {
        return store(key, content, StoreOptions.DEFAULT);
    }

    /**
     * Stores a buffer's remaining bytes with default options; see {@link #store(BlobKey, BlobSource, StoreOptions)}.
     * The buffer's position and limit are unchanged.
     */
    default StoredBlob store(BlobKey key, ByteBuffer content) throws IOException {
        Objects.requireNonNull(content, "content");
        return store(key, BlobSource.of(content), StoreOptions.DEFAULT);
    }

    /**
     * Reads a blob, or a range of it, into a window of a target. The window's memory is filled in place; direct memory
     * is filled without a copy on the Java heap. The caller flushes and closes the window.
     *
     * <p>If the call fails, the bytes that were put into the window must not be used, except for those that a
     * {@link PartialReadException} reports as received. They are not removed from the window: another attempt needs
     * another window. If the range covers the whole blob, its checksum is compared with the blob's checksum, if the
     * store keeps one. A part of a blob is not verified, as no checksum covers it; callers that assemble parts combine
     * their checksums, and compare the result.
     *
     * @return the metadata of the blob that was read, the number of bytes that were put into the window, and their
     *     checksum
     * @throws BlobNotFoundException if there is no blob
     * @throws RangeNotSatisfiableException if the range is not inside the blob, or the target is too small for it
     * @throws PreconditionFailedException if {@link ReadOptions#ifMatch} names a version that the store does not have
     * @throws IntegrityException if the whole blob was read and its checksum differs
     * @throws PartialReadException if the connection ended before the last byte, and the store reports how many bytes
     *     had arrived
     * @throws TargetException if the target could not keep the bytes that arrived; thrown by the window
     * @throws IllegalArgumentException if the target is smaller than an exact range; thrown before any request
     */
    ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options) throws IOException;

    /**
     * Reads a blob, or a range of it, into a buffer; see {@link #read(BlobKey, ByteRange, BlobTarget.Window,
     * ReadOptions)}.
     *
     * <p>The bytes are written to the target from its position on, which is advanced past them; the limit is unchanged.
     * If the call fails, the position is unchanged, and the content after it is undefined, except for the bytes that a
     * {@link PartialReadException} reports as received.
     *
     * @throws IllegalArgumentException if the target is read-only, or smaller than an exact range; thrown before any
     *     request
     */
    default ReadResult read(BlobKey key, ByteRange range, ByteBuffer target, ReadOptions options) throws IOException {
        Objects.requireNonNull(target, "target");
        ByteBuffer view = target.slice();
        ReadResult result = read(key, range, BlobTarget.Window.of(view), options);
        target.position(target.position() + view.position());
        return result;
    }

    /** Reads with default options; see {@link #read(BlobKey, ByteRange, ByteBuffer, ReadOptions)}. */
    default ReadResult read(BlobKey key, ByteRange range, ByteBuffer target) throws IOException {
        return read(key, range, target, ReadOptions.DEFAULT);
    }

    /**
     * Reads a small blob as a whole into a new array, with one request, and verifies it as {@link #read(BlobKey,
     * ByteRange, BlobTarget.Window, ReadOptions)} does. Needs up to twice its size of heap, however large
     * {@code maxBytes} is. For large blobs use {@link io.blobstore.transfer.TransferManager#download} or
     * {@link io.blobstore.transfer.TransferManager#openStream}.
     *
     * @param maxBytes the size of the largest blob to be read
     * @throws RangeNotSatisfiableException if the blob is larger
     * @throws IllegalArgumentException if {@code maxBytes} is negative
     */
    default byte[] readAllBytes(BlobKey key, int maxBytes) throws IOException {
        if (maxBytes < 0) {
            throw new IllegalArgumentException("the most bytes to be read must be 0 or more; got " + maxBytes);
        }
        HeapWindow window = new HeapWindow(maxBytes);
        read(key, ByteRange.all(), window, ReadOptions.DEFAULT);
        return window.toByteArray();
    }

    /**
     * Returns whether a key has a blob, with the request of {@link #head}. Another process may change that at any time:
     * to store a blob unless there is one, use {@link Precondition#ifAbsent()}.
     *
     * @throws StoreNotFoundException if the store itself does not exist
     */
    default boolean exists(BlobKey key) throws IOException {
        try {
            head(key);
            return true;
        } catch (BlobNotFoundException e) {
            return false;
        }
    }

    /**
     * Requests a blob's metadata.
     *
     * @throws BlobNotFoundException if there is no blob
     */
    BlobMetadata head(BlobKey key) throws IOException;

    /**
     * Lists blobs, sorted by the UTF-8 bytes of their keys; pages are fetched as the listing is read. Blobs that are
     * stored or deleted meanwhile may or may not appear; all others appear exactly once. What a server lists although
     * it cannot be a blob is skipped; see {@link BlobListing#skipped()}.
     *
     * @return the listing, to be closed by the caller
     */
    BlobListing list(ListOptions options) throws IOException;

    /** Deletes a blob. Does nothing if the key has none. */
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
     * Deletes every blob whose key begins with a prefix, one after another. Not atomic: blobs that are stored meanwhile
     * may remain. If a server lists a name outside the prefix, nothing of that page is deleted, and the call fails.
     *
     * @return the number of blobs deleted
     * @throws IllegalArgumentException if the prefix is empty, so that an unset variable does not delete every blob of
     *     the store
     */
    long deleteAll(String prefix) throws IOException;

    /**
     * Copies a blob inside the store. The content does not pass through this process if the store can copy by itself.
     *
     * <p>The copy has the content headers and the user metadata of the blob, even if they are outside the limits of
     * {@link StoreOptions}. It keeps what else the store knows about the blob unless the store's settings differ; the
     * documentation of each store lists what that is, and what is not kept.
     *
     * @throws BlobNotFoundException if the source key has no blob
     * @throws PreconditionFailedException if a condition of the options does not hold
     */
    StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException;

    /** Copies with default options; see {@link #copy(BlobKey, BlobKey, CopyOptions)}. */
    default StoredBlob copy(BlobKey from, BlobKey to) throws IOException {
        return copy(from, to, CopyOptions.DEFAULT);
    }

    /**
     * Creates a URL that permits one kind of request without further credentials.
     *
     * @throws UnsupportedOperationException if {@link StoreCapabilities#presign()} is
     *     {@link StoreCapabilities.Support#NONE}, or the store cannot replace a header of the response
     */
    PresignedUrl presign(BlobKey key, PresignOptions options) throws IOException;

    /**
     * Begins the upload of a blob in parts, which may be sent in any order and in parallel. The blob is not visible
     * before {@link MultipartUpload#complete}.
     *
     * @param layout how the content is split into parts, within the limits of {@link #capabilities()}
     * @return the upload; the caller must close it, which aborts it unless it was completed
     * @throws UnsupportedOperationException if {@link StoreCapabilities#multipart()} is false
     * @throws IllegalArgumentException if the layout is outside the store's limits
     */
    MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options) throws IOException;

    /**
     * Goes on with an upload that was {@linkplain MultipartUpload#keep kept}, by this process or another one: asks the
     * store for the parts that it has received. Of these, {@link MultipartUpload#uploadPart} does not send again what
     * has the same content.
     *
     * @param id the id of {@link MultipartUpload#id()}
     * @param layout the layout with which the upload was created
     * @param options the options with which the upload was created
     * @return the upload, which is kept; the caller must close it. Empty if the store has no part of such an upload: it
     *     was completed or aborted, the store has deleted it, or no part was received
     * @throws UnsupportedOperationException if {@link StoreCapabilities#multipart()} is false
     * @throws IllegalArgumentException if the layout is outside the store's limits
     */
    Optional<MultipartUpload> resumeMultipartUpload(BlobKey key, String id, PartLayout layout, StoreOptions options)
            throws IOException;

    /**
     * Lists the uploads that are neither completed nor aborted, of this process and of others: those in progress, and
     * those whose process died. Sorted by key where the store sorts them; pages are fetched as the listing is read.
     *
     * @param prefix the text with which the keys begin; empty for all uploads of the store
     * @return the listing, to be closed by the caller
     */
    UploadListing listUploads(String prefix) throws IOException;

    /**
     * Aborts an incomplete upload, and frees its parts. Does nothing if there is no such upload any more, so it may be
     * repeated. The upload may be that of another process, even one in progress, which then fails: choose uploads by
     * their age.
     *
     * @param key the key of {@link IncompleteUpload#key()}
     * @param id the id of {@link IncompleteUpload#id()}
     */
    void abortUpload(BlobKey key, String id) throws IOException;

    /** Returns the features and limits of this store, without a request. */
    StoreCapabilities capabilities();

    /** Returns a description of this store without secrets: its URI, inside the names of its decorators. */
    @Override
    String toString();

    /**
     * Releases the connections, descriptors and locks of this store, and aborts its open uploads, except for those that
     * are {@linkplain MultipartUpload#keep kept}. Idempotent. Later calls of the store and of its uploads fail with
     * {@link IllegalStateException}.
     */
    @Override
    void close() throws IOException;
}
