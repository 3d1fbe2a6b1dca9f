package io.blobstore.gcs;

import com.google.auth.Credentials;
import com.google.cloud.storage.Storage;
import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.DeleteResult;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreCapabilities.Support;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.net.ssl.TrustManager;

/**
 * A store in a Google Cloud Storage bucket: {@code gs://bucket}.
 *
 * <p>Content travels from the caller's memory to the socket and back without a copy on the Java heap. Credentials, and
 * every request that carries no content, are google-cloud-storage's, with its usual configuration; uploads in parts are
 * requests of the XML API.
 *
 * <p>Every blob and every part is sent with its CRC32C, which the server compares, the whole is compared once more
 * after an upload in parts, and a read of a whole blob is compared with it.
 *
 * <p>A version is the generation. A condition is the server's own for a blob in one request. Cloud Storage takes none
 * for an upload in parts: that one is put together under a hidden name, and published by a conditional copy inside the
 * bucket, which moves no content. So a blob that must not be overwritten is not, and what cannot be published is
 * removed. If a process dies in between, an object whose name begins with {@code .blobstore-unpublished/} behind the
 * store's prefix is left over, which listings of this store do not show: a lifecycle rule may remove those of an age.
 *
 * <p>A conditional request whose answer is lost is looked after: if the key then holds a blob of the same size and
 * CRC32C, it counts as stored.
 *
 * <p>Uploads that this process cannot abort, because it died or lost the network, stay in the bucket unseen and cost
 * money: give the bucket a lifecycle rule that aborts incomplete multipart uploads.
 */
public final class GcsBlobStore implements BlobStore {
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    /** What Cloud Storage documents for the XML API's uploads in parts. */
    static final StoreCapabilities CAPABILITIES = StoreCapabilities.builder()
            .minPartSize(5 * MIB)
            .maxPartSize(5 * GIB)
            .maxParts(10_000)
            .maxBlobSize(5L << 40)
            .conditionalStore(Support.EMULATED)
            .presign(Support.NATIVE)
            .build();

    private final GcsContext bucket;
    private final GcsConnections.Client client;
    private final PutObject put;
    private final GcsCopy copy;
    private final GcsDeletion deletion;
    private final Presigning presigning;
    private final OpenUploads uploads = new OpenUploads();

    GcsBlobStore(GcsContext bucket, GcsConnections.Client client) {
        this.bucket = bucket;
        this.client = client;
        put = new PutObject(bucket);
        copy = new GcsCopy(bucket);
        deletion = new GcsDeletion(bucket);
        presigning = new Presigning(bucket);
    }

    /** A builder with everything at its default. */
    public static Builder builder(String bucket) {
        return new Builder(bucket);
    }

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        bucket.requireOpen();
        return put.run(key, content, options);
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        ByteRanges.requireRoom(range, target.remaining());
        bucket.requireOpen();
        return new GetRange(bucket, key, range, options.ifMatch(), target).run();
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        return bucket.head(Operation.HEAD, key, Optional.empty());
    }

    @Override
    public BlobListing list(ListOptions options) throws IOException {
        return GcsListing.open(bucket, Operation.LIST, options);
    }

    @Override
    public void delete(BlobKey key) throws IOException {
        deletion.delete(key);
    }

    @Override
    public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
        bucket.requireOpen();
        return deletion.delete(keys);
    }

    @Override
    public long deleteAll(String prefix) throws IOException {
        if (prefix.isEmpty()) {
            throw new IllegalArgumentException(
                    "deleteAll needs a prefix: an empty one would delete every blob of the store");
        }
        return deletion.deleteAll(prefix);
    }

    @Override
    public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        bucket.requireOpen();
        return copy.run(from, to, options);
    }

    @Override
    public PresignedUrl presign(BlobKey key, PresignOptions options) throws IOException {
        return presigning.run(key, options);
    }

    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
            throws IOException {
        layout.requireWithin(CAPABILITIES);
        bucket.requireOpen();
        Precondition condition = options.precondition();
        if (condition instanceof Precondition.IfMatch match) {
            Conditions.generation(Operation.CREATE_UPLOAD, key, match);
        }
        String atKey = bucket.objectOf(Operation.CREATE_UPLOAD, key);
        String object = condition == Precondition.none()
                ? atKey
                : bucket.hiddenObject(UUID.randomUUID().toString());
        return uploads.create(() -> new GcsMultipartUpload(
                bucket, MultipartRequests.create(bucket, key, object, options), layout, options, copy, uploads));
    }

    @Override
    public StoreCapabilities capabilities() {
        return CAPABILITIES;
    }

    /**
     * Aborts the uploads that are open, those that are just being created among them; for these it waits up to 5 s.
     * Then closes connections. A client given to the builder stays open.
     */
    @Override
    public void close() throws IOException {
        try {
            uploads.close();
        } finally {
            bucket.close();
            client.close();
        }
    }

    @Override
    public String toString() {
        return bucket.toString();
    }

    /** Builds a store. Not thread-safe. */
    public static final class Builder {
        private final String bucket;
        private String prefix = "";
        private Optional<String> storageClass = Optional.empty();
        private Optional<GcsEncryption> encryption = Optional.empty();
        private final GcsConnections connections = new GcsConnections();

        private Builder(String bucket) {
            this.bucket = bucket;
        }

        /**
         * Sets where the server is, as in {@code http://127.0.0.1:4443}; default Google's, or what the environment
         * variable STORAGE_EMULATOR_HOST names. Over plain http no credentials are sent.
         */
        public Builder endpoint(URI endpoint) {
            connections.endpoint = Optional.of(endpoint);
            return this;
        }

        /** Sets the project that the SDK's requests name; none of them needs one. */
        public Builder project(String project) {
            connections.project = Optional.of(project);
            return this;
        }

        /** Sets where access tokens come from; default: the application-default credentials. */
        public Builder credentials(Credentials credentials) {
            connections.credentials = Optional.of(credentials);
            return this;
        }

        /**
         * Sets a client over HTTP to use, which the caller keeps and closes. Excludes {@link #endpoint},
         * {@link #project} and {@link #credentials}. Content does not travel over it, but to its host, with its
         * credentials.
         */
        public Builder client(Storage client) {
            connections.client = Optional.of(client);
            return this;
        }

        /** Sets what stands in front of every key in the bucket, and is no part of it. */
        public Builder prefix(String prefix) {
            this.prefix = prefix;
            return this;
        }

        /** Sets the storage class of what is stored, as in "NEARLINE". */
        public Builder storageClass(String name) {
            storageClass = Optional.of(name);
            return this;
        }

        /** Sets how what is stored is encrypted. */
        public Builder encryption(GcsEncryption encryption) {
            this.encryption = Optional.of(encryption);
            return this;
        }

        /** Sets who decides which certificates are trusted; default: JSSE's, by its system properties. */
        public Builder trustManagers(TrustManager... managers) {
            connections.transport.trustManagers(managers);
            return this;
        }

        /**
         * Sets how many connections to the server there may be at once, idle ones among them; default 256. Requests
         * beyond that wait, first come, first served, and without a time limit. So as many parts as one likes can be in
         * flight over a few connections. A source must not use the store that it is read for: its request might wait
         * for the one that reads it.
         *
         * <p>What a client given to the builder sends is not counted.
         */
        public Builder maxConnections(int connections) {
            this.connections.transport.maxConnections(connections);
            return this;
        }

        /** Sets how long a connection, TLS included, may take to be made; default 10 s. */
        public Builder connectTimeout(Duration timeout) {
            connections.transport.connectTimeout(timeout);
            return this;
        }

        /** Sets how long a connection may go without progress; default 30 s. */
        public Builder stallTimeout(Duration timeout) {
            connections.transport.stallTimeout(timeout);
            return this;
        }

        /** Sets what stands for the process's environment. */
        Builder environment(Map<String, String> environment) {
            connections.environment = environment;
            return this;
        }

        /** Sets how long to wait, at first, before the SDK sends a request again that failed; default 250 ms. */
        Builder retryDelay(Duration delay) {
            connections.retryDelay = delay;
            return this;
        }

        /**
         * Opens the store, to be closed by the caller. Whether there is such a bucket shows with the first call.
         *
         * @throws IllegalArgumentException if settings are wrong, or contradict each other
         * @throws io.blobstore.PermissionDeniedException if there are no credentials
         */
        public GcsBlobStore open() throws IOException {
            GcsConnections.Opened opened = connections.open(new GcsSettings(bucket, prefix, storageClass, encryption));
            return new GcsBlobStore(opened.bucket(), opened.closeClient());
        }
    }
}
