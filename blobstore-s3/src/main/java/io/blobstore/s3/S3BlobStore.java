package io.blobstore.s3;

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
import java.util.TreeMap;
import javax.net.ssl.TrustManager;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * A store in an S3 bucket: {@code s3://bucket?region=…}.
 *
 * <p>Content travels from the caller's memory to the socket and back without a copy on the Java heap. Credentials,
 * region, endpoint rules, signatures, and every request that carries no content, are the AWS SDK's, with its usual
 * configuration.
 *
 * <p>Every part and every blob is sent with its CRC32C, which S3 compares, and a read of a whole blob is compared with
 * it. A blob stored by others without CRC32C has none. Servers without checksums work with {@link S3Checksums#NONE}.
 *
 * <p>A version is the ETag, with the version id where the bucket has versioning. <em>Equal content has equal
 * ETags</em>, so a condition holds for an equal blob stored in between; listings show the ETag alone. Reads of one
 * version rely on the server to take {@code If-Match} and content from the same blob, as S3 does. Some that keep files
 * open them after they have looked: reads of a whole blob find that, reads of ranges cannot.
 *
 * <p>A conditional request whose answer is lost is looked after: if the key then holds a blob of the same size and
 * CRC32C, it counts as stored.
 *
 * <p>Keep the SDK's logger {@code software.amazon.awssdk} above DEBUG: below that it writes what it signs, session
 * tokens and customer keys among it. This library logs neither.
 *
 * <p>Uploads that this process cannot abort, because it died or lost the network, stay in the bucket unseen and cost
 * money: give the bucket a lifecycle rule that aborts incomplete multipart uploads.
 */
public final class S3BlobStore implements BlobStore {
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    /** What S3 documents for every bucket; some take larger blobs by now. */
    static final StoreCapabilities CAPABILITIES = StoreCapabilities.builder()
            .minPartSize(5 * MIB)
            .maxPartSize(5 * GIB)
            .maxParts(10_000)
            .maxBlobSize(5L << 40)
            .conditionalStore(Support.NATIVE)
            .presign(Support.NATIVE)
            .build();

    /** What one request copies at most, and how much it copies of larger blobs. */
    private static final long MAX_COPY = 5 * GIB;

    private static final long COPIED_PART = GIB;

    private final S3Context bucket;
    private final Runnable closeClient;
    private final Conditions conditions;
    private final PutObject put;
    private final S3Copy copy;
    private final S3Deletion deletion;
    private final Presigning presigning;
    private final OpenUploads uploads = new OpenUploads();

    S3BlobStore(S3Context bucket, Runnable closeClient, long maxCopy, long copiedPart) {
        this.bucket = bucket;
        this.closeClient = closeClient;
        conditions = new Conditions(bucket);
        put = new PutObject(bucket, conditions);
        copy = new S3Copy(bucket, conditions, put, uploads, maxCopy, copiedPart);
        deletion = new S3Deletion(bucket);
        presigning = new Presigning(bucket);
    }

    /**
     * A builder with everything at its default.
     *
     * @param bucket a bucket's name, or an access point's alias
     */
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
        return S3Listing.open(bucket, options);
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
        return uploads.create(() -> new S3MultipartUpload(
                bucket,
                MultipartRequests.create(bucket, Operation.CREATE_UPLOAD, Operation.COMPLETE_UPLOAD, key, options),
                layout,
                options.precondition(),
                conditions,
                uploads));
    }

    @Override
    public StoreCapabilities capabilities() {
        return CAPABILITIES;
    }

    /**
     * Aborts the uploads that are open, those of copies and those that are just being created among them; for the
     * latter it waits up to 5 s. Then closes connections. A client given to the builder stays open.
     */
    @Override
    public void close() throws IOException {
        try {
            uploads.close();
        } finally {
            bucket.close();
            closeClient.run();
        }
    }

    @Override
    public String toString() {
        return bucket.toString();
    }

    /** Builds a store. Not thread-safe. What is not set is as the SDK finds it: environment, profile, instance. */
    public static final class Builder {
        private final String bucket;
        private final Map<String, String> tags = new TreeMap<>();
        private String prefix = "";
        private S3Checksums checksums = S3Checksums.CRC32C;
        private PayloadSigning payloadSigning = PayloadSigning.UNSIGNED;
        private Optional<String> storageClass = Optional.empty();
        private Optional<S3Encryption> encryption = Optional.empty();
        private boolean requesterPays;
        private boolean expectContinue;
        private final S3Connections connections = new S3Connections();

        private Builder(String bucket) {
            this.bucket = bucket;
        }

        /** Sets the region of the bucket, as in "eu-central-1". */
        public Builder region(String region) {
            connections.region = Optional.of(region);
            return this;
        }

        /** Sets where an S3-compatible server is, as in {@code http://127.0.0.1:9000}. */
        public Builder endpoint(URI endpoint) {
            connections.endpoint = Optional.of(endpoint);
            return this;
        }

        /** Sets whether the bucket stands in URLs' paths and not in their host, as most compatible servers want it. */
        public Builder pathStyle(boolean pathStyle) {
            connections.pathStyle = Optional.of(pathStyle);
            return this;
        }

        /** Sets where credentials come from. */
        public Builder credentials(AwsCredentialsProvider credentials) {
            connections.credentials = Optional.of(credentials);
            return this;
        }

        /**
         * Sets a client to use, which the caller keeps and closes. Excludes {@link #region}, {@link #endpoint},
         * {@link #pathStyle} and {@link #credentials}. Content does not travel over it, but to its endpoint, signed
         * with its credentials for its region.
         */
        public Builder client(S3Client client) {
            connections.client = Optional.of(client);
            return this;
        }

        /** Sets what stands in front of every key in the bucket, and is no part of it. */
        public Builder prefix(String prefix) {
            this.prefix = prefix;
            return this;
        }

        /** Sets which checksums are sent and asked for; default {@link S3Checksums#CRC32C}. */
        public Builder checksums(S3Checksums checksums) {
            this.checksums = checksums;
            return this;
        }

        /** Sets whether signatures cover content; default {@link PayloadSigning#UNSIGNED}. */
        public Builder payloadSigning(PayloadSigning payloadSigning) {
            this.payloadSigning = payloadSigning;
            return this;
        }

        /** Sets the storage class of what is stored, as in "STANDARD_IA". */
        public Builder storageClass(String name) {
            storageClass = Optional.of(name);
            return this;
        }

        /** Sets how what is stored is encrypted. */
        public Builder encryption(S3Encryption encryption) {
            this.encryption = Optional.of(encryption);
            return this;
        }

        /** Adds a tag to what is stored. */
        public Builder tag(String name, String value) {
            tags.put(name, value);
            return this;
        }

        /** Sets whether this side pays for requests to somebody else's bucket. */
        public Builder requesterPays(boolean requesterPays) {
            this.requesterPays = requesterPays;
            return this;
        }

        /** Sets whether to ask for the server's leave before content is sent, which spares it where it is refused. */
        public Builder expectContinue(boolean expectContinue) {
            this.expectContinue = expectContinue;
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

        /**
         * Opens the store, to be closed by the caller. Sends nothing: whether there is such a bucket shows with the
         * first call.
         *
         * @throws IllegalArgumentException if settings are wrong, or contradict each other
         * @throws IOException if no region is to be found
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
            S3Connections.Opened opened = connections.open(settings);
            return new S3BlobStore(opened.bucket(), opened.closeClient(), maxCopy, copiedPart);
        }
    }
}
