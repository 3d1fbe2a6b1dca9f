package io.blobstore.bench;

import io.blobstore.spi.BlobStoreProvider;
import java.util.ServiceLoader;

/** Who can be measured. */
enum Competitor {
    BLOBSTORE("blobstore", BlobstoreClient::s3),
    HAND_ROLLED("hand-rolled loop, CRC32C", HandRolledClient::new),
    SENDFILE("sendfile, HTTP, no checksum", SendfileClient::new),
    JDK_HTTP_CLIENT("java.net.http, CRC32C", JavaNetHttpClient::new),
    NETTY_ASYNC("S3AsyncClient/Netty, slices, CRC32C", AsyncClient::netty),
    NETTY_ASYNC_DEFAULT("S3AsyncClient/Netty, one file, default", AsyncDefaultClient::new),
    CRT_ASYNC("S3AsyncClient/CRT", AsyncClient::crt),
    CRT_TRANSFER_MANAGER("S3TransferManager/CRT", TransferManagerClient::crt),
    NETTY_TRANSFER_MANAGER("S3TransferManager/Netty", TransferManagerClient::netty),
    CRT_TRANSFER_MANAGER_DEFAULT("S3TransferManager/CRT, default", TransferManagerClient::crtDefault),
    NETTY_TRANSFER_MANAGER_DEFAULT("S3TransferManager/Netty, default", TransferManagerClient::nettyDefault),
    APACHE_SYNC("S3Client/Apache 5, streamed, CRC32C", SyncClient::apache),
    URL_CONNECTION_SYNC("S3Client/URLConnection, streamed, CRC32C", SyncClient::urlConnection),
    APACHE_SYNC_DEFAULT("S3Client/Apache 5, one file, default", SyncDefaultClient::new),
    OPENDAL("OpenDAL, stream, no checksum", OpenDalClient::streaming),
    OPENDAL_WHOLE("OpenDAL, whole array, no checksum", OpenDalClient::whole),
    GCS_BLOBSTORE("blobstore, gs:", BlobstoreClient::gcs),
    GCS_MULTIPART_CLIENT("MultipartUploadClient, slices", GcsMultipartClient::new),
    GCS_STORAGE("Storage, ranged readers", GcsStorageClient::new),
    GCS_STORAGE_DEFAULT("Storage, one reader, default", GcsStorageDefaultClient::new),
    GCS_TRANSFER_MANAGER("TransferManager, in parts", GcsTransferManagerClient::inParts),
    GCS_TRANSFER_MANAGER_DEFAULT("TransferManager, default", GcsTransferManagerClient::byDefault),
    GCS_WRITE_SESSION("BlobWriteSession, composite, slices", GcsWriteSessionClient::new),
    READER("BlobReader", ReaderClient::readingAhead),
    READER_WITHOUT_READ_AHEAD("BlobReader, reading nothing ahead", ReaderClient::plain),
    PARALLEL_READER("ParallelReader, into memory", BlobstoreClient::s3);

    /** Opens a contestant. */
    @FunctionalInterface
    interface Opener {
        BenchmarkClient open(TransferSpec job) throws Exception;
    }

    final String title;
    private final Opener opener;

    Competitor(String title, Opener opener) {
        this.title = title;
        this.opener = opener;
    }

    /** Opens it for a job, in this JVM. */
    BenchmarkClient open(TransferSpec job) throws Exception {
        return job.scenario().direction.isOfSmallObjects()
                ? new SmallObjectsClient(job, ObjectMoves.of(this, job))
                : opener.open(job);
    }

    /** Whether its code is on the class path. */
    boolean isAvailable() {
        return switch (this) {
            case BLOBSTORE, READER, READER_WITHOUT_READ_AHEAD, PARALLEL_READER -> hasStore("s3");
            case GCS_BLOBSTORE -> hasStore("gs");
            case OPENDAL, OPENDAL_WHOLE -> OpenDalClient.isAvailable();
            default -> true;
        };
    }

    private static boolean hasStore(String scheme) {
        return ServiceLoader.load(BlobStoreProvider.class).stream()
                .anyMatch(provider -> provider.get().scheme().equals(scheme));
    }
}
