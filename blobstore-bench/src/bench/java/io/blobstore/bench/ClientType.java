package io.blobstore.bench;

/** The clients that can be measured. */
enum ClientType {
    BLOBSTORE("blobstore", BlobstoreClient::s3),
    HAND_ROLLED("hand-written baseline, CRC32C", HandRolledClient::new),
    SENDFILE("sendfile, no checksum", SendfileClient::open),
    JDK_HTTP_CLIENT("java.net.http, CRC32C", JavaNetHttpClient::new),
    NETTY_ASYNC("S3AsyncClient/Netty, slices, CRC32C", AsyncClient::netty),
    CRT_ASYNC("S3AsyncClient/CRT, slices", AsyncClient::crt),
    CRT_TRANSFER_MANAGER("S3TransferManager/CRT", TransferManagerClient::crt),
    NETTY_TRANSFER_MANAGER("S3TransferManager/Netty", TransferManagerClient::netty),
    CRT_TRANSFER_MANAGER_DEFAULT("S3TransferManager/CRT, default", TransferManagerClient::crtDefault),
    NETTY_TRANSFER_MANAGER_DEFAULT("S3TransferManager/Netty, default", TransferManagerClient::nettyDefault),
    APACHE_SYNC("S3Client/Apache 5, parts, CRC32C", SyncClient::new),
    APACHE_SYNC_DEFAULT("S3Client/Apache 5, one file, default", SyncDefaultClient::new),
    OPENDAL("OpenDAL, no checksum", OpenDalClient::new),
    GCS_BLOBSTORE("blobstore, gs:", BlobstoreClient::gcs),
    GCS_MULTIPART_CLIENT("MultipartUploadClient, slices", GcsMultipartClient::new),
    GCS_STORAGE("Storage, ranged readers", GcsStorageClient::inParts),
    GCS_STORAGE_DEFAULT("Storage, one reader, default", GcsStorageClient::byDefault),
    GCS_TRANSFER_MANAGER("TransferManager, in parts", GcsTransferManagerClient::inParts),
    GCS_TRANSFER_MANAGER_DEFAULT("TransferManager, default", GcsTransferManagerClient::byDefault),
    READER("BlobReader", ReaderClient::withReadAhead),
    READER_WITHOUT_READ_AHEAD("BlobReader without read-ahead", ReaderClient::withoutReadAhead),
    WHOLE_DOWNLOAD("TransferManager, into memory", BlobstoreClient::s3);

    /** Opens a client. */
    @FunctionalInterface
    interface Opener {
        BenchmarkClient open(TransferSpec spec) throws Exception;
    }

    final String title;
    private final Opener opener;

    ClientType(String title, Opener opener) {
        this.title = title;
        this.opener = opener;
    }

    /** Opens a client in this JVM. */
    BenchmarkClient open(TransferSpec spec) throws Exception {
        BenchmarkClient client = opener.open(spec);
        return spec.operation().isOfSmallObjects() ? new SmallObjectsClient(spec, client) : client;
    }

    String store() {
        return name().startsWith("GCS_") ? "gcs" : "s3";
    }

    /** Returns whether the client runs on this platform. */
    boolean isAvailable() {
        return this != OPENDAL || OpenDalClient.isAvailable();
    }
}
