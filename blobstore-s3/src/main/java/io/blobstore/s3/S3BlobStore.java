package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
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
import io.blobstore.http.objects.ObjectNames;
import io.blobstore.http.objects.RangedRead;
import io.blobstore.http.objects.Retries;
import io.blobstore.http.objects.RetryClock;
import io.blobstore.spi.ByteRanges;
import io.blobstore.spi.OpenUploads;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.time.Clock;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * A store in an S3 bucket: {@code s3://bucket?region=…}.
 *
 * <p>Content is transferred between the caller's memory and the socket without a copy on the Java heap. The AWS SDK,
 * with its usual configuration, provides credentials, region, endpoint rules and signatures, and sends every request
 * without content.
 *
 * <p>Every part and every blob is sent with its CRC32C, which S3 verifies, and a read of a whole blob is verified by
 * it. Blobs that another program stored without CRC32C have no checksum. Servers without checksums work with
 * {@link S3Checksums#NONE}.
 *
 * <p>A version is the ETag, with the version id if the bucket has versioning. <em>Equal content has equal ETags</em>,
 * so a condition also holds for an equal blob stored in between; listings contain only the ETag. Reads of one version
 * rely on the server to evaluate {@code If-Match} on the blob whose content it sends, as S3 does. Some servers that
 * store files open the file after that check: reads of a whole blob detect that, reads of ranges cannot.
 *
 * <p>AWS enforces preconditions at the moment a blob becomes visible. Several compatible servers ignore them in some
 * requests, and answer with success. So unless the endpoint is one of AWS, a HEAD request directly before a conditional
 * request checks the condition too. A writer between the two requests is detected only if the server enforces the
 * condition; where it is known to, {@link Builder#nativeConditions} saves the HEAD request. {@link #capabilities} says
 * which of both applies: {@link Support#NATIVE} or {@link Support#EMULATED}.
 *
 * <p>If the response to a conditional request is lost, and the key then has a blob of the same size and CRC32C, the
 * request counts as successful.
 *
 * <p>A copy keeps content headers, {@code Expires}, user metadata, tags, the target of a website redirect and the
 * storage class, unless these settings have tags or a storage class. It does not keep access control lists and object
 * locks, and its encryption is that of these settings, or else the bucket's. A copy of more than 5 GiB, or with a
 * condition, needs the permission {@code s3:GetObjectTagging}, and fails without it, unless the settings have tags.
 *
 * <p>Metadata beyond ASCII that other programs have stored is shown as text: encoded words (RFC 2047), as S3 returns
 * them, are decoded, and bytes that are valid UTF-8 are UTF-8.
 *
 * <p>Keep the SDK's logger {@code software.amazon.awssdk} above DEBUG: below that it logs what it signs, including
 * session tokens and customer keys. This library logs neither.
 *
 * <p>Uploads that this process cannot abort, because it died or lost the network, remain in the bucket and cost money:
 * give the bucket a lifecycle rule that aborts incomplete multipart uploads, or abort old ones of {@link #listUploads}
 * by {@link #abortUpload}.
 */
public final class S3BlobStore implements BlobStore {
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    /** The limits that S3 documents: the largest object has the most and largest parts. Compatible servers differ. */
    static final StoreCapabilities CAPABILITIES = StoreCapabilities.builder()
            .minPartSize(5 * MIB)
            .maxPartSize(5 * GIB)
            .maxParts(10_000)
            .maxBlobSize(10_000 * 5 * GIB)
            .conditionalStore(Support.NATIVE)
            .presign(Support.NATIVE)
            .build();

    /** The size of the largest blob that is copied with one request, and of the parts of larger ones. */
    private static final long MAX_COPY = 5 * GIB;

    private static final long COPIED_PART = GIB;

    private final StoreCapabilities capabilities;
    private final BucketContext bucket;
    private final ObjectNames names;
    private final S3Client client;
    private final Consumer<S3Client> closeClient;
    private final S3Headers headers;
    private final S3Errors errors;
    private final S3ObjectReader objects;
    private final MultipartRequests multipart;
    private final MultipartUploads multipartUploads;
    private final PutObject put;
    private final S3Copy copy;
    private final S3Deletion deletion;
    private final Presigning presigning;
    private final OpenUploads uploads = new OpenUploads();

    private S3BlobStore(
            S3Settings settings,
            S3Client client,
            Consumer<S3Client> closeClient,
            HttpClient http,
            Retries retries,
            Optional<Boolean> nativeConditions,
            StoreObserver observer,
            S3Copy.Limits limits) {
        this.client = client;
        this.closeClient = closeClient;
        String region = client.serviceClientConfiguration().region().id();
        BucketUrl url = BucketUrl.of(client, settings.bucket());
        if (settings.encryption().orElse(null) instanceof S3Encryption.CustomerKey
                && !url.endpoint().secure()) {
            throw new IllegalArgumentException(
                    "a customer key must not travel over plain http, to " + url.endpoint() + "; use https");
        }
        RequestSigner signer =
                new RequestSigner(client.serviceClientConfiguration().credentialsProvider(), region, Clock.systemUTC());
        DataRequests data = new DataRequests(http, signer, url, settings);
        boolean checksums = settings.keepsChecksums();
        headers = new S3Headers(settings);
        errors = new S3Errors(settings, region, url.endpoint().toString());
        names = new ObjectNames(settings.prefix());
        bucket = new BucketContext(
                "s3",
                settings.bucket(),
                settings.prefix(),
                url.isOfAws(region)
                        ? Optional.empty()
                        : Optional.of(url.endpoint().toString()),
                http,
                errors,
                retries,
                observer);
        objects = new S3ObjectReader(bucket, names, client, data, headers, errors, checksums);
        boolean enforced = nativeConditions.orElseGet(() -> url.isOfAws(region));
        capabilities = CAPABILITIES.toBuilder()
                .conditionalStore(enforced ? Support.NATIVE : Support.EMULATED)
                .build();
        Conditions conditions = new Conditions(
                new S3ObjectReader(bucket.forLookups(), names, client, data, headers, errors, checksums),
                errors,
                enforced);
        multipart = new MultipartRequests(bucket, names, client, data, headers, errors, checksums);
        multipartUploads = new MultipartUploads(bucket, multipart, conditions, errors, uploads);
        put = new PutObject(bucket, names, data, headers, errors, conditions);
        copy = new S3Copy(
                bucket,
                names,
                client,
                headers,
                errors,
                objects,
                conditions,
                multipart,
                put,
                new S3Tags(bucket, names, client, headers, errors, settings),
                uploads,
                settings,
                limits);
        deletion = new S3Deletion(bucket, names, client, headers, errors);
        presigning = new Presigning(bucket, names, url, signer, headers);
    }

    /**
     * Returns a builder with default settings.
     *
     * @param bucket a bucket's name, or an access point's alias
     */
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
        return put.run(key, content, options);
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
        return new S3Listing(bucket, names, client, headers, Operation.LIST, options).begin();
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
        return multipartUploads.create(key, layout, options);
    }

    /**
     * Goes on with an upload whose parts the server lists. Parts are recognized by their CRC32C, or if the server keeps
     * none, by an ETag that is the MD5 of the content; where it is something else, as with encryption by KMS, all parts
     * are sent again. Needs the permission {@code s3:ListMultipartUploadParts}.
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
        return multipartUploads.resume(key, id, layout, options);
    }

    /**
     * Lists multipart uploads. Some servers, such as MinIO, list only uploads whose key equals the prefix; they remove
     * old uploads by themselves.
     */
    @Override
    public UploadListing listUploads(String prefix) throws IOException {
        Objects.requireNonNull(prefix, "prefix");
        return new S3UploadListing(bucket, names, client, headers, prefix).begin();
    }

    @Override
    public void abortUpload(BlobKey key, String id) throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(id, "id");
        bucket.requireOpen();
        multipart.abort(key, id);
    }

    @Override
    public StoreCapabilities capabilities() {
        return capabilities;
    }

    /**
     * Ends copies and completions under way, and aborts the open uploads, including those of copies and those that are
     * being created, for which it waits up to 5 s. Then closes connections. A client given to the builder stays open.
     */
    @Override
    public void close() throws IOException {
        bucket.beginClose();
        try {
            uploads.close();
        } finally {
            bucket.close();
            closeClient.accept(client);
        }
    }

    @Override
    public String toString() {
        return bucket.toString();
    }

    /**
     * Builds a store. Not thread-safe. The SDK takes settings that are not set here from the environment, a profile or
     * the instance.
     */
    public static final class Builder extends BucketStoreBuilder<Builder> {
        private final Map<String, String> tags = new TreeMap<>();
        private S3Checksums checksums = S3Checksums.CRC32C;
        private PayloadSigning payloadSigning = PayloadSigning.UNSIGNED;
        private Optional<S3Encryption> encryption = Optional.empty();
        private boolean requesterPays;
        private boolean expectContinue;
        private final S3ClientFactory clients = new S3ClientFactory();

        private Builder(String bucket) {
            super(bucket);
        }

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the region of the bucket, as in "eu-central-1". */
        public Builder region(String region) {
            clients.region = Optional.of(Objects.requireNonNull(region, "region"));
            return this;
        }

        /** Sets whether URLs name the bucket in their path instead of the host, as most compatible servers require. */
        public Builder pathStyle(boolean pathStyle) {
            clients.pathStyle = Optional.of(pathStyle);
            return this;
        }

        /** Sets the provider of credentials. */
        public Builder credentials(AwsCredentialsProvider credentials) {
            clients.credentials = Optional.of(Objects.requireNonNull(credentials, "credentials"));
            return this;
        }

        /**
         * Sets a client to use, which the caller has to close. Excludes {@link #region}, {@link #endpoint},
         * {@link #pathStyle} and {@link #credentials}. Content is not sent by the client, but to its endpoint, and
         * signed with its credentials for its region.
         *
         * <p>The store turns the client's retries off for its requests, and repeats them itself. The client's time
         * limits apply to its requests instead of {@link #connectTimeout}, {@link #stallTimeout} and
         * {@link #answerTimeout}: a copy, or the completion of an upload, may take minutes, in which the server sends
         * nothing. So its {@code apiCallTimeout}, {@code apiCallAttemptTimeout} and the socket timeout of its HTTP
         * client should be 10 minutes or more.
         */
        public Builder client(S3Client client) {
            clients.client = Optional.of(Objects.requireNonNull(client, "client"));
            return this;
        }

        /** Sets which checksums are sent and requested; default {@link S3Checksums#CRC32C}. */
        public Builder checksums(S3Checksums checksums) {
            this.checksums = Objects.requireNonNull(checksums, "checksums");
            return this;
        }

        /** Sets whether signatures cover content; default {@link PayloadSigning#UNSIGNED}. */
        public Builder payloadSigning(PayloadSigning payloadSigning) {
            this.payloadSigning = Objects.requireNonNull(payloadSigning, "payloadSigning");
            return this;
        }

        /** Sets how new objects are encrypted; default: the bucket's encryption. */
        public Builder encryption(S3Encryption encryption) {
            this.encryption = Optional.of(Objects.requireNonNull(encryption, "encryption"));
            return this;
        }

        /** Adds a tag to new objects. */
        public Builder tag(String name, String value) {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(value, "value");
            tags.put(name, value);
            return this;
        }

        /** Sets whether the requester pays for requests and transfer, instead of the bucket's owner. */
        public Builder requesterPays(boolean requesterPays) {
            this.requesterPays = requesterPays;
            return this;
        }

        /**
         * Sets whether to send {@code Expect: 100-continue} and wait before content is sent, which saves sending it if
         * the server refuses the request.
         */
        public Builder expectContinue(boolean expectContinue) {
            this.expectContinue = expectContinue;
            return this;
        }

        /** Sets the clock for the delays between attempts; default: the JVM's. */
        Builder retryClock(RetryClock clock) {
            retryClock = clock;
            return this;
        }

        /**
         * Opens the store, which the caller has to close. Sends no request, so a missing bucket is reported by the
         * first call.
         *
         * @throws IllegalArgumentException if settings are invalid, or contradict each other
         * @throws IOException if no region is found
         */
        public S3BlobStore open() throws IOException {
            return open(MAX_COPY, COPIED_PART);
        }

        S3BlobStore open(long maxCopy, long copiedPart) throws IOException {
            S3Settings settings = new S3Settings(
                    bucket,
                    prefix,
                    checksums,
                    payloadSigning,
                    storageClass,
                    encryption,
                    tags,
                    requesterPays,
                    expectContinue);
            clients.requireConsistent(endpoint);
            HttpClient opened = http.build();
            Optional<S3Client> client = Optional.empty();
            try {
                client = Optional.of(clients.open(settings, endpoint, opened));
                return new S3BlobStore(
                        settings,
                        client.get(),
                        clients::close,
                        opened,
                        retries(),
                        nativeConditions,
                        observer,
                        new S3Copy.Limits(maxCopy, copiedPart));
            } catch (IOException | RuntimeException | Error e) {
                client.ifPresent(clients::close);
                opened.close();
                if (e instanceof SdkException) {
                    throw new BlobStoreException(Operation.OPEN, null, String.valueOf(e.getMessage()), e, false);
                }
                throw e;
            }
        }
    }
}
