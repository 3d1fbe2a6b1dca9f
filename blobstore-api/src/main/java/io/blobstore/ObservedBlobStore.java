package io.blobstore;

import io.blobstore.spi.ForwardingMultipartUpload;
import io.blobstore.spi.ObservedRequest;
import io.blobstore.spi.PartLayout;
import io.blobstore.spi.RequestEvents;
import java.io.IOException;
import java.util.Collection;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reports each call of a store as one request to a {@link StoreObserver}: for stores that do not report requests
 * themselves, such as local directories, stores in memory, and those of other authors. The stores of S3 and Cloud
 * Storage report more, among it repetitions and the wait for connections: give their builders the observer instead.
 *
 * <p>Of a listing, the call that begins it is reported, and not the reading of its pages.
 */
public final class ObservedBlobStore extends ForwardingBlobStore {
    private static final Pattern SCHEME = Pattern.compile("([a-z][a-z0-9+.-]*):");

    private final RequestEvents events;

    private ObservedBlobStore(BlobStore store, RequestEvents events) {
        super(store);
        this.events = events;
    }

    /** Returns a store that reports to an observer; the store itself if that is {@link StoreObserver#NONE}. */
    public static BlobStore of(BlobStore store, StoreObserver observer) {
        Objects.requireNonNull(store, "store");
        Objects.requireNonNull(observer, "observer");
        String text = store.toString();
        Matcher scheme = SCHEME.matcher(text);
        RequestEvents events = RequestEvents.of(observer, scheme.find() ? scheme.group(1) : "other", text);
        return events.isObserved() ? new ObservedBlobStore(store, events) : store;
    }

    /** A call of the store. */
    private interface Call<T> {
        T run(ObservedRequest request) throws IOException;
    }

    private <T> T observed(Operation operation, BlobKey key, Call<T> call) throws IOException {
        return run(events.begin(operation, key), call);
    }

    private static <T> T run(ObservedRequest request, Call<T> call) throws IOException {
        T result;
        try {
            result = call.run(request);
        } catch (Throwable e) {
            request.failed(e);
            throw e;
        }
        request.succeeded();
        return result;
    }

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        return observed(Operation.STORE, key, request -> {
            StoredBlob stored = super.store(key, content, options);
            request.sent(stored.size());
            return stored;
        });
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        return observed(Operation.READ, key, request -> {
            try {
                ReadResult result = super.read(key, range, target, options);
                request.received(result.length());
                return result;
            } catch (PartialReadException e) {
                request.received(e.received().length());
                throw e;
            }
        });
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        return observed(Operation.HEAD, key, request -> super.head(key));
    }

    @Override
    public BlobListing list(ListOptions options) throws IOException {
        return run(events.begin(Operation.LIST, null), request -> super.list(options));
    }

    @Override
    public void delete(BlobKey key) throws IOException {
        observed(Operation.DELETE, key, request -> {
            super.delete(key);
            return key;
        });
    }

    @Override
    public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
        return run(events.begin(Operation.DELETE, null), request -> super.delete(keys));
    }

    @Override
    public long deleteAll(String prefix) throws IOException {
        return run(events.begin(Operation.DELETE_ALL, null), request -> super.deleteAll(prefix));
    }

    @Override
    public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        return observed(Operation.COPY, from, request -> super.copy(from, to, options));
    }

    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
            throws IOException {
        return new Upload(
                observed(Operation.CREATE_UPLOAD, key, request -> super.createMultipartUpload(key, layout, options)));
    }

    @Override
    public Optional<MultipartUpload> resumeMultipartUpload(
            BlobKey key, String id, PartLayout layout, StoreOptions options) throws IOException {
        return observed(Operation.RESUME_UPLOAD, key, request -> super.resumeMultipartUpload(key, id, layout, options))
                .map(Upload::new);
    }

    @Override
    public UploadListing listUploads(String prefix) throws IOException {
        return run(events.begin(Operation.LIST_UPLOADS, null), request -> super.listUploads(prefix));
    }

    @Override
    public void abortUpload(BlobKey key, String id) throws IOException {
        observed(Operation.ABORT_UPLOAD, key, request -> {
            super.abortUpload(key, id);
            return key;
        });
    }

    /** Returns the text of the observed store, so that the events of its requests and of its transfers agree. */
    @Override
    public String toString() {
        return delegate().toString();
    }

    /** Reports each call of an upload as one request. */
    private final class Upload extends ForwardingMultipartUpload {
        /** Whether it was completed or aborted: then the store does nothing any more. */
        private volatile boolean ended;

        private volatile boolean kept;

        private Upload(MultipartUpload upload) {
            super(upload);
        }

        @Override
        public UploadedPart uploadPart(int partNumber, BlobSource content) throws IOException {
            return observed(Operation.UPLOAD_PART, key(), request -> {
                UploadedPart part = super.uploadPart(partNumber, content);
                request.sent(part.size());
                return part;
            });
        }

        @Override
        public StoredBlob complete(Crc32c checksum) throws IOException {
            if (ended) {
                return super.complete(checksum);
            }
            StoredBlob stored = observed(Operation.COMPLETE_UPLOAD, key(), request -> super.complete(checksum));
            ended = true;
            return stored;
        }

        @Override
        public void keep() throws IOException {
            super.keep();
            kept = true;
        }

        @Override
        public void close() throws IOException {
            if (kept) {
                super.close();
            } else {
                abort();
            }
        }

        @Override
        public void abort() throws IOException {
            if (ended) {
                super.abort();
                return;
            }
            observed(Operation.ABORT_UPLOAD, key(), request -> {
                super.abort();
                return key();
            });
            ended = true;
        }
    }
}
