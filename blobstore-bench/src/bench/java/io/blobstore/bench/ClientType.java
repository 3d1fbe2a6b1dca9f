package io.blobstore.bench;

import static io.blobstore.bench.Operation.DOWNLOAD;
import static io.blobstore.bench.Operation.GET;
import static io.blobstore.bench.Operation.PUT;
import static io.blobstore.bench.Operation.READ;
import static io.blobstore.bench.Operation.UPLOAD;

import java.util.List;

/** The clients that can be measured, and the operations in which they are compared. */
enum ClientType {
    BLOBSTORE("blobstore", BlobstoreClient::s3, UPLOAD, READ, DOWNLOAD, PUT, GET),
    HAND_ROLLED("hand-written baseline, CRC32C", HandRolledClient::new, UPLOAD, READ, DOWNLOAD, PUT, GET),
    SENDFILE("sendfile, no checksum", HandRolledClient.Sendfile::new, UPLOAD),
    JDK_HTTP_CLIENT("java.net.http, CRC32C", JavaNetHttpClient::new, UPLOAD, READ, DOWNLOAD),
    NETTY_ASYNC("S3AsyncClient/Netty, slices, CRC32C", AwsAsyncClient::netty, UPLOAD, READ, PUT, GET),
    CRT_ASYNC("S3AsyncClient/CRT, slices", AwsAsyncClient::crt, UPLOAD, READ, PUT, GET),
    CRT_TRANSFER_MANAGER("S3TransferManager/CRT", AwsFileClient::crt, UPLOAD, READ, DOWNLOAD),
    NETTY_TRANSFER_MANAGER("S3TransferManager/Netty", AwsFileClient::netty, UPLOAD, READ, DOWNLOAD),
    CRT_TRANSFER_MANAGER_DEFAULT("S3TransferManager/CRT, default", AwsFileClient::crtDefault, UPLOAD, DOWNLOAD),
    NETTY_TRANSFER_MANAGER_DEFAULT("S3TransferManager/Netty, default", AwsFileClient::nettyDefault, UPLOAD, DOWNLOAD),
    APACHE_SYNC("S3Client/Apache 5, parts, CRC32C", AwsSyncClient::inParts, UPLOAD, READ, PUT, GET),
    APACHE_SYNC_DEFAULT("S3Client/Apache 5, one file, default", AwsSyncClient::byDefault, UPLOAD, READ, DOWNLOAD),
    OPENDAL("OpenDAL, no checksum", OpenDalClient::new, UPLOAD, READ, DOWNLOAD),
    GCS_BLOBSTORE("blobstore, gs:", BlobstoreClient::gcs, UPLOAD, READ, DOWNLOAD, PUT, GET),
    GCS_MULTIPART_CLIENT("MultipartUploadClient, slices", GcsMultipartClient::new, UPLOAD),
    GCS_STORAGE("Storage, ranged readers", GcsStorageClient::inParts, READ, PUT, GET),
    GCS_STORAGE_DEFAULT("Storage, one reader, default", GcsStorageClient::byDefault, READ, DOWNLOAD),
    GCS_TRANSFER_MANAGER("TransferManager, in parts", GcsTransferManagerClient::inParts, UPLOAD, DOWNLOAD),
    GCS_TRANSFER_MANAGER_DEFAULT("TransferManager, default", GcsTransferManagerClient::byDefault, UPLOAD, DOWNLOAD);

    /** Opens a client. */
    @FunctionalInterface
    interface Opener {
        BenchmarkClient open(TransferSpec spec) throws Exception;
    }

    final String title;
    private final Opener opener;
    private final List<Operation> operations;

    ClientType(String title, Opener opener, Operation... operations) {
        this.title = title;
        this.opener = opener;
        this.operations = List.of(operations);
    }

    boolean supports(Operation operation) {
        return operations.contains(operation);
    }

    /**
     * Opens a client in this JVM.
     *
     * @throws BenchmarkException if it does not support the transfer
     */
    BenchmarkClient open(TransferSpec spec) throws Exception {
        if (!supports(spec.operation())) {
            throw new BenchmarkException("does not support " + spec.operation());
        }
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
