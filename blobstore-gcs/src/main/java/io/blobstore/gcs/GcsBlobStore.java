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
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreCapabilities.Support;
import io.blobstore.StoreObserver;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadListing;
import io.blobstore.http.HttpClient;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.BucketStoreBuilder;
import io.blobstore.http.objects.Conditions;
import io.blobstore.http.objects.RangedRead;
import io.blobstore.http.objects.Retries;
import io.blobstore.http.objects.RetryClock;
import io.blobstore.http.objects.UriParameters;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import javax.net.ssl.TrustManager;

/**
 * A store in a Google Cloud Storage bucket: {@code gs://bucket}.
 *
 * <p>Content is transferred between the caller's memory and the socket without a copy on the Java heap.
 * google-cloud-storage, with its usual configuration, provides credentials and sends every request without content;
 * multipart uploads are requests of the XML API.
 *
 * <p>Every blob and every part is sent with its CRC32C, which the server verifies. The whole blob is verified again
 * after a multipart upload, and by every read of a whole blob.
 *
 * <p>A version is the generation. The server evaluates the condition of a blob that is stored with one request. Cloud
 * Storage has no conditions for multipart uploads: with a condition, the parts are assembled under a hidden name, and
 * the object is published by a conditional copy inside the bucket, which transfers no content. So a blob that fails the
 * condition is never overwritten, and an object that cannot be published is deleted. If a process dies in between, an
 * object remains whose name begins with {@code .blobstore-unpublished/} after the store's prefix. Listings of this
 * store omit it; a lifecycle rule may delete such objects by age.
 *
 * <p>Emulators and other servers may ignore conditions, and answer with success. So unless the endpoint is Google's, a
 * request for the object's metadata directly before a conditional request checks the condition too. A writer between
 * the two requests is detected only if the server enforces the condition; where it is known to,
 * {@link Builder#nativeConditions} saves that request.
 *
 * <p>If the response to a conditional request is lost, and the key then has a blob of the same size and CRC32C, the
 * request counts as successful.
 *
 * <p>A copy keeps content headers, user metadata, object contexts, the custom time and the storage class, unless these
 * settings have a storage class. It does not keep access control lists, holds and retention, and its encryption is that
 * of these settings, or else the bucket's.
 *
 * <p>Content of zonal buckets can be read over gRPC, if {@link Builder#transport} says so. Then a read that names a
 * version may return its bytes although it has been replaced meanwhile.
 *
 * <p>A blob that is stored with the Content-Encoding gzip is read as it is stored: the server is told not to decode it.
 *
 * <p>Uploads that this process cannot abort, because it died or lost the network, remain in the bucket and cost money:
 * give the bucket a lifecycle rule that aborts incomplete multipart uploads, or abort old ones of {@link #listUploads}
 * by {@link #abortUpload}. The listing contains hidden objects, too.
 */
public final class GcsBlobStore implements BlobStore {
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    /** The limits that Cloud Storage documents for multipart uploads by the XML API. */
    static final StoreCapabilities CAPABILITIES = StoreCapabilities.builder()
            .minPartSize(5 * MIB)
            .maxPartSize(5 * GIB)
            .maxParts(10_000)
            .maxBlobSize(5L << 40)
            .conditionalStore(Support.EMULATED)
            .presign(Support.NATIVE)
            .build();

    private final BucketContext bucket;
    private final GcsObjectNames names;
    private final GcsClientFactory.Client client;
    private final GcsErrors errors;
    private final GcsObjectReader objects;
    private final MultipartUploads multipartUploads;
    private final PutObject put;
    private final GcsCopy copy;
    private final GcsDeletion deletion;
    private final GcsUploads incomplete;
    private final Presigning presigning;
    private final ContentTransport transport;
    private final AppendableObjects appendable;
    private final OpenUploads uploads = new OpenUploads();

    private GcsBlobStore(
            GcsSettings settings,
            GcsClientFactory.Client client,
            HttpClient http,
            Retries retries,
            Optional<Boolean> nativeConditions,
            StoreObserver observer,
            ContentTransport.Settings transportSettings) {
        this.client = client;
        DataRequests data = new DataRequests(http, client.client());
        GcsUrls urls = GcsUrls.of(client.client(), settings.bucket());
        errors = new GcsErrors(settings, urls.root());
        names = new GcsObjectNames(settings.prefix());
        bucket = new BucketContext(
                "gs",
                settings.bucket(),
                settings.prefix(),
                client.isGoogle() ? Optional.empty() : Optional.of(urls.root()),
                http,
                errors,
                retries,
                observer);
        objects = new GcsObjectReader(bucket, names, client.client(), data, urls, errors, settings);
        GcsObjectReader lookups =
                new GcsObjectReader(bucket.forLookups(), names, client.client(), data, urls, errors, settings);
        Conditions conditions = new Conditions(lookups, errors, nativeConditions.orElseGet(client::isGoogle));
        MultipartRequests multipart = new MultipartRequests(bucket, data, urls, errors, settings);
        put = new PutObject(bucket, names, data, urls, errors, settings, conditions);
        copy = new GcsCopy(bucket, names, client.client(), objects, conditions, settings);
        deletion = new GcsDeletion(bucket, names, client.client());
        multipartUploads = new MultipartUploads(
                bucket, names, client.client(), multipart, errors, objects, lookups, conditions, copy, uploads);
        incomplete = new GcsUploads(bucket, names, client.client(), multipart);
        presigning = new Presigning(bucket, names, client.client(), urls, settings);
        transport = new ContentTransport(transportSettings, bucket, client, errors);
        appendable = new AppendableObjects(bucket, names, settings, transport, conditions);
    }

    /** Returns a builder with default settings. */
    public static Builder builder(String bucket) {
        Objects.requireNonNull(bucket, "bucket");
        return new Builder(bucket);
    }

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(content, "content");
        Objects.requireNonNull(options, "options");
        bucket.requireOpen();
        return transport.isGrpc(Operation.STORE, key)
                ? bucket.observed(Operation.STORE, key, () -> appendable.store(key, content, options))
                : put.run(key, content, options);
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(range, "range");
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(options, "options");
        ByteRanges.requireRoom(range, target.remaining());
        bucket.requireOpen();
        if (transport.isGrpc(Operation.READ, key)) {
            return transport.read(key, names.objectOf(Operation.READ, key), range, options.ifMatch(), target);
        }
        return new RangedRead(objects, errors, key, range, options.ifMatch(), target).run();
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        Objects.requireNonNull(key, "key");
        return objects.head(Operation.HEAD, key, Optional.empty());
    }

    @Override
    public BlobListing list(ListOptions options) throws IOException {
        Objects.requireNonNull(options, "options");
        return new GcsListing(bucket, names, client.client(), Operation.LIST, options).begin();
    }

    @Override
    public void delete(BlobKey key) throws IOException {
        Objects.requireNonNull(key, "key");
        deletion.delete(key);
    }

    @Override
    public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
        Objects.requireNonNull(keys, "keys");
        bucket.requireOpen();
        return deletion.delete(keys);
    }

    @Override
    public long deleteAll(String prefix) throws IOException {
        Objects.requireNonNull(prefix, "prefix");
        if (prefix.isEmpty()) {
            throw new IllegalArgumentException(
                    "deleteAll needs a prefix: an empty one would delete every blob of the store");
        }
        return deletion.deleteAll(prefix);
    }

    @Override
    public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        Objects.requireNonNull(from, "from");
        Objects.requireNonNull(to, "to");
        Objects.requireNonNull(options, "options");
        bucket.requireOpen();
        return copy.run(from, to, options);
    }

    @Override
    public PresignedUrl presign(BlobKey key, PresignOptions options) throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(options, "options");
        return presigning.run(key, options);
    }

    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
            throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(layout, "layout");
        Objects.requireNonNull(options, "options");
        layout.requireWithin(CAPABILITIES);
        bucket.requireOpen();
        if (transport.isGrpc(Operation.CREATE_UPLOAD, key)) {
            throw new UnsupportedOperationException("zonal buckets have no multipart uploads; see capabilities()");
        }
        return multipartUploads.create(key, layout, options);
    }

    /**
     * Goes on with an upload whose parts the server lists. Parts are recognized by an ETag that is the MD5 of the
     * content; where it is something else, as with customer keys, they are sent again.
     */
    @Override
    public Optional<MultipartUpload> resumeMultipartUpload(
            BlobKey key, String id, PartLayout layout, StoreOptions options) throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(layout, "layout");
        Objects.requireNonNull(options, "options");
        layout.requireWithin(CAPABILITIES);
        bucket.requireOpen();
        if (transport.isGrpc(Operation.RESUME_UPLOAD, key)) {
            throw new UnsupportedOperationException("zonal buckets have no multipart uploads; see capabilities()");
        }
        return multipartUploads.resume(key, id, layout, options);
    }

    /**
     * Creates an empty object that can be appended to, in a zonal bucket, over gRPC. It is visible at once, and
     * replaces the blob that the key has. Not for {@link GcsTransport#HTTP}.
     *
     * @throws io.blobstore.PreconditionFailedException if the precondition does not hold; also if the response to an
     *     attempt to create the object was lost
     * @throws UnsupportedTransportException if the store does not use gRPC, or the bucket is not zonal
     */
    public AppendableUpload createAppendableUpload(BlobKey key, StoreOptions options) throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(options, "options");
        bucket.requireOpen();
        return appendable.create(key, options);
    }

    /**
     * Takes over an object that is not finalized, at the end of what is persisted. An upload that has been its writer
     * fails from then on.
     *
     * @param generation {@link AppendableUpload#generation}, or the version of the blob
     * @throws FencedUploadException if the object is finalized
     * @throws io.blobstore.BlobNotFoundException if there is no such object
     * @throws UnsupportedTransportException if the store does not use gRPC, or the bucket is not zonal
     */
    public AppendableUpload resumeAppendableUpload(BlobKey key, long generation) throws IOException {
        Objects.requireNonNull(key, "key");
        bucket.requireOpen();
        return appendable.resume(key, generation);
    }

    /**
     * Lists multipart uploads, first those without a precondition, and then what uploads with one have left: multipart
     * uploads of hidden objects, and hidden objects. Each of these parts is sorted by object.
     */
    @Override
    public UploadListing listUploads(String prefix) throws IOException {
        Objects.requireNonNull(prefix, "prefix");
        return incomplete.list(prefix);
    }

    @Override
    public void abortUpload(BlobKey key, String id) throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        bucket.requireOpen();
        incomplete.abort(key, id);
    }

    /**
     * Returns the capabilities of Cloud Storage, or those of zonal buckets, which have no multipart uploads. With
     * {@link GcsTransport#AUTO}, the first call may ask for the bucket's type.
     */
    @Override
    public StoreCapabilities capabilities() {
        try {
            return transport.isGrpc(Operation.OPEN, null) ? AppendableObjects.CAPABILITIES : CAPABILITIES;
        } catch (IOException e) {
            return CAPABILITIES; // the next call will report it
        }
    }

    /**
     * Ends copies and completions under way, and aborts the open uploads, including those that are being created, for
     * which it waits up to 5 s. Then closes connections, and waits for reads over gRPC to end. A client given to the
     * builder stays open.
     */
    @Override
    public void close() throws IOException {
        bucket.beginClose();
        try {
            uploads.close();
        } finally {
            bucket.close();
            transport.close();
            client.close();
        }
    }

    @Override
    public String toString() {
        return bucket.toString();
    }

    /** Builds a store. Not thread-safe. */
    public static final class Builder extends BucketStoreBuilder<Builder> {
        private Optional<GcsEncryption> encryption = Optional.empty();
        private final GcsClientFactory clients = new GcsClientFactory();
        private ContentTransport.Settings transport = ContentTransport.Settings.DEFAULT;

        private Builder(String bucket) {
            super(bucket);
        }

        @Override
        protected Builder self() {
            return this;
        }

        /**
         * Sets the URI of the server, as in {@code http://127.0.0.1:4443}; default: the one in the environment variable
         * STORAGE_EMULATOR_HOST, or else Google's. Credentials are not sent over plain http.
         */
        @Override
        public Builder endpoint(URI endpoint) {
            return super.endpoint(endpoint);
        }

        /** Sets the project that the SDK's requests name; no request of the store needs one. */
        public Builder project(String project) {
            clients.project = Optional.of(Objects.requireNonNull(project, "project"));
            return this;
        }

        /** Sets the credentials, which provide access tokens; default: the application-default credentials. */
        public Builder credentials(Credentials credentials) {
            clients.credentials = Optional.of(Objects.requireNonNull(credentials, "credentials"));
            return this;
        }

        /**
         * Sets an HTTP client of the SDK whose options to use: host, credentials and transport. The caller has to close
         * it. Excludes {@link #endpoint}, {@link #project} and {@link #credentials}. Its transport sends what has no
         * content, without following redirects; content is sent to the same host and with the same credentials.
         *
         * <p>The store does not use the client's retry settings: it repeats requests itself. The time limits of the
         * client's transport options apply to its requests, instead of {@link #connectTimeout}, {@link #stallTimeout}
         * and {@link #answerTimeout}: its read timeout should be a minute or more, as a step of a copy may take that
         * long.
         */
        public Builder client(Storage client) {
            clients.client = Optional.of(Objects.requireNonNull(client, "client"));
            return this;
        }

        /** Sets how new objects are encrypted; default: the bucket's encryption. */
        public Builder encryption(GcsEncryption encryption) {
            this.encryption = Optional.of(Objects.requireNonNull(encryption, "encryption"));
            return this;
        }

        /**
         * Sets how content is read; default {@link GcsTransport#HTTP}. Excludes a customer's key, unless it is that
         * default: zonal buckets do not support such keys.
         */
        public Builder transport(GcsTransport transport) {
            Objects.requireNonNull(transport, "transport");
            this.transport = this.transport.with(transport);
            return this;
        }

        /**
         * Sets the number of connections over which content is read with gRPC, from 1 to 64; default 4. A connection
         * carries any number of ranges, but all of them together are limited by the speed of one TCP connection.
         */
        public Builder grpcConnections(int connections) {
            transport = transport.withConnections(connections);
            return this;
        }

        /**
         * Sets how many ranges are read with gRPC at once, from 1 on; default 256. Further reads wait in order of
         * arrival and without a time limit.
         */
        public Builder grpcRangesInFlight(int ranges) {
            transport = transport.withRangesInFlight(ranges);
            return this;
        }

        /**
         * Sets the URI of the server for gRPC; default: that of all other requests. For emulators, which have another
         * port for gRPC.
         */
        public Builder grpcEndpoint(URI endpoint) {
            transport = transport.withEndpoint(UriParameters.requireEndpoint(endpoint));
            return this;
        }

        @Override
        public Builder stallTimeout(Duration timeout) {
            Objects.requireNonNull(timeout, "timeout");
            transport = transport.withStallTimeout(timeout);
            return super.stallTimeout(timeout);
        }

        @Override
        public Builder trustManagers(TrustManager... managers) {
            Objects.requireNonNull(managers, "managers");
            transport = transport.withTrustManagers(List.of(managers));
            return super.trustManagers(managers);
        }

        /** Sets environment variables in place of those of the process. */
        Builder environment(Map<String, String> environment) {
            clients.environment = environment;
            return this;
        }

        /** Sets the clock for the delays between attempts; default: the JVM's. */
        Builder retryClock(RetryClock clock) {
            retryClock = clock;
            return this;
        }

        /**
         * Opens the store, which the caller has to close. A missing bucket is reported by the first call.
         *
         * @throws IllegalArgumentException if settings are invalid, or contradict each other
         * @throws io.blobstore.PermissionDeniedException if there are no credentials
         */
        public GcsBlobStore open() throws IOException {
            GcsSettings settings = new GcsSettings(bucket, prefix, storageClass, encryption);
            if (transport.transport() != GcsTransport.HTTP
                    && settings.customerKey().isPresent()) {
                throw new IllegalArgumentException("a customer's key requires the transport HTTP");
            }
            HttpClient opened = http.build();
            try {
                return new GcsBlobStore(
                        settings,
                        clients.open(settings, endpoint, opened),
                        opened,
                        retries(),
                        nativeConditions,
                        observer,
                        transport.with(maxAttempts, retryClock));
            } catch (IOException | RuntimeException | Error e) {
                opened.close();
                throw e;
            }
        }
    }
}
