package io.blobstore.gcs;

import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobField;
import com.google.cloud.storage.Storage.BlobGetOption;
import com.google.cloud.storage.Storage.BlobListOption;
import com.google.cloud.storage.StorageException;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.StoredBlob;
import io.blobstore.http.Failures;
import io.blobstore.http.HttpClient;
import io.blobstore.spi.AmbiguousOutcome;
import io.blobstore.spi.UninterruptibleRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The bucket as the store's parts see it: the two ways to it, what its objects are called, and whether the store is
 * open.
 */
final class GcsContext {
    /** What objects are called that are not to be seen yet. Keys do not begin so, and listings leave it out. */
    private static final String HIDDEN = ".blobstore-unpublished/";

    private static final BlobField[] FIELDS = {
        BlobField.NAME,
        BlobField.SIZE,
        BlobField.GENERATION,
        BlobField.CRC32C,
        BlobField.CONTENT_TYPE,
        BlobField.METADATA,
        BlobField.UPDATED
    };

    private final GcsSettings settings;
    private final Storage client;
    private final Storage unrepeating;
    private final HttpClient transport;
    private final DataRequests payloads;
    private final GcsUrls urls;
    private final GcsErrors errors;

    private volatile boolean closed;
    /** Whether the bucket has answered for itself: then what is missing is the blob. */
    private volatile boolean seen;

    GcsContext(
            GcsSettings settings,
            Storage client,
            Storage unrepeating,
            HttpClient transport,
            DataRequests payloads,
            String root) {
        this.settings = settings;
        this.client = client;
        this.unrepeating = unrepeating;
        this.transport = transport;
        this.payloads = payloads;
        urls = new GcsUrls(root, settings.bucket());
        errors = new GcsErrors(settings.bucket(), root);
    }

    GcsSettings settings() {
        return settings;
    }

    String name() {
        return settings.bucket();
    }

    Storage client() {
        return client;
    }

    /** The same client, but one that repeats no request: for those that would meet their own result. */
    Storage unrepeating() {
        return unrepeating;
    }

    DataRequests payloads() {
        return payloads;
    }

    GcsUrls urls() {
        return urls;
    }

    /** The name of a blob's object in the bucket. */
    String objectOf(Operation operation, BlobKey key) throws InvalidBlobKeyException {
        String name = key.toString();
        String object = settings.prefix() + name;
        if (object.getBytes(StandardCharsets.UTF_8).length > BlobKey.MAX_BYTES) {
            throw new InvalidBlobKeyException(
                    operation,
                    key,
                    "with the store's prefix it is longer than the " + BlobKey.MAX_BYTES + " bytes allowed");
        }
        if (name.startsWith(HIDDEN)) {
            throw new InvalidBlobKeyException(
                    operation, key, "keys that begin with " + HIDDEN + " are the library's own");
        }
        if (object.equals(".") || object.equals("..") || object.startsWith(".well-known/acme-challenge/")) {
            throw new InvalidBlobKeyException(operation, key, "Cloud Storage does not allow that name");
        }
        if (object.indexOf('\r') >= 0 || object.indexOf('\n') >= 0) {
            throw new InvalidBlobKeyException(operation, key, "Cloud Storage does not allow line ends in a name");
        }
        return object;
    }

    /** The name of an object that no key has, and no listing shows. */
    String hiddenObject(String unique) {
        return settings.prefix() + HIDDEN + unique;
    }

    /** The name inside the store; empty for an object that is not the store's, or not to be seen. */
    Optional<String> nameOf(String object) {
        if (!object.startsWith(settings.prefix())
                || object.length() == settings.prefix().length()) {
            return Optional.empty();
        }
        String name = object.substring(settings.prefix().length());
        return name.startsWith(HIDDEN) ? Optional.empty() : Optional.of(name);
    }

    BlobId id(String object) {
        return BlobId.of(name(), object);
    }

    // ---- requests

    /** A request, or what prepares one. */
    interface Action<T> {
        T run() throws IOException;
    }

    /** Sends a request, with what it throws translated. */
    <T> T request(Operation operation, @Nullable BlobKey key, Action<T> body) throws IOException {
        T result = translating(operation, key, body);
        seen = true;
        return result;
    }

    /** Sends a request that makes something new: what it does not find can only be the bucket. */
    <T> T creation(Operation operation, BlobKey key, Action<T> body) throws IOException {
        try {
            return request(operation, key, body);
        } catch (BlobNotFoundException e) {
            throw new StoreNotFoundException(operation, key, errors.noBucket(), e);
        }
    }

    /** Frees what the server keeps: see {@link UninterruptibleRequest#free}. */
    void free(BlobKey key, Action<?> body) throws IOException {
        UninterruptibleRequest.free(
                () -> request(Operation.ABORT_UPLOAD, key, body), problem -> !Failures.isSilent(problem));
    }

    /** Runs something, with what it throws translated. */
    <T> T translating(Operation operation, @Nullable BlobKey key, Action<T> body) throws IOException {
        requireOpen();
        try {
            return body.run();
        } catch (BlobStoreException e) {
            throw e;
        } catch (IOException | StorageException e) {
            if (closed) {
                throw new IllegalStateException("the store was closed meanwhile", e);
            }
            throw errors.translate(operation, key, e);
        } catch (IllegalStateException e) {
            if (closed) {
                throw new IllegalStateException("the store was closed meanwhile", e);
            }
            if (GcsErrors.isOfCredentials(e)) {
                throw errors.translate(operation, key, e);
            }
            throw e;
        }
    }

    /** What the server knows about a blob, if it still has the wanted version. */
    BlobMetadata head(Operation operation, BlobKey key, Optional<BlobVersion> wanted) throws IOException {
        Blob blob = get(operation, key, objectOf(operation, key));
        BlobMetadata metadata = ObjectMetadata.of(operation, key, blob);
        if (wanted.isPresent() && !wanted.get().equals(metadata.version())) {
            throw new PreconditionFailedException(
                    operation, key, "its version is " + metadata.version() + " and not " + wanted.get(), null);
        }
        return metadata;
    }

    /** An object as the SDK gives it. */
    Blob get(Operation operation, BlobKey key, String object) throws IOException {
        List<BlobGetOption> options = new ArrayList<>();
        options.add(BlobGetOption.fields(FIELDS));
        settings.customerKey().ifPresent(customer -> options.add(BlobGetOption.decryptionKey(customer.base64())));
        Blob blob = translating(operation, key, () -> client.get(id(object), options.toArray(new BlobGetOption[0])));
        if (blob == null) {
            requireBucket(operation, key);
            throw new BlobNotFoundException(operation, key, null);
        }
        seen = true;
        return blob;
    }

    /** The SDK says the same of a blob that is missing and of a bucket. A listing tells them apart. */
    private void requireBucket(Operation operation, BlobKey key) throws IOException {
        if (seen) {
            return;
        }
        try {
            client.list(name(), BlobListOption.pageSize(1), BlobListOption.prefix(settings.prefix()));
            seen = true;
        } catch (StorageException e) {
            if (e.getCode() == 404) {
                throw new StoreNotFoundException(operation, key, errors.noBucket(), e);
            }
            if (e.getCode() != 403) { // an account may be allowed to read, and not to list
                throw errors.translate(operation, key, e);
            }
        }
    }

    /**
     * What a request has made whose answer is lost.
     *
     * @throws BlobStoreException the problem, if it has not
     */
    StoredBlob findSent(
            Operation operation,
            BlobKey key,
            Precondition condition,
            long size,
            Crc32c checksum,
            BlobStoreException problem)
            throws BlobStoreException {
        return AmbiguousOutcome.findSent(
                        operation,
                        key,
                        condition,
                        size,
                        checksum,
                        () -> head(operation, key, Optional.empty()),
                        problem)
                .orElseThrow(() -> problem);
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this store is closed: " + this);
        }
    }

    /** Ends every request under way. The client is its owner's. Idempotent. */
    void close() {
        closed = true;
        transport.close();
    }

    @Override
    public String toString() {
        return "gs://" + name() + (settings.prefix().isEmpty() ? "" : "?prefix=" + settings.prefix());
    }
}
