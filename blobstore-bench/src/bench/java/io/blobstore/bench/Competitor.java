package io.blobstore.bench;

import io.blobstore.BlobStoreProvider;
import java.util.ServiceLoader;

/** Who can be measured. */
enum Competitor {
    BLOBSTORE("blobstore", BlobstoreContestant::s3),
    HAND_ROLLED("hand-rolled loop, CRC32C", HandRolledContestant::new),
    SENDFILE("sendfile, HTTP, no checksum", SendfileContestant::new),
    JDK_HTTP_CLIENT("java.net.http, CRC32C", JdkHttpClientContestant::new),
    NETTY_ASYNC("S3AsyncClient/Netty, slices, CRC32C", AsyncClientContestant::netty),
    NETTY_ASYNC_DEFAULT("S3AsyncClient/Netty, one file, default", AsyncDefaultContestant::new),
    CRT_ASYNC("S3AsyncClient/CRT", AsyncClientContestant::crt),
    CRT_TRANSFER_MANAGER("S3TransferManager/CRT", TransferManagerContestant::crt),
    NETTY_TRANSFER_MANAGER("S3TransferManager/Netty", TransferManagerContestant::netty),
    CRT_TRANSFER_MANAGER_DEFAULT("S3TransferManager/CRT, default", TransferManagerContestant::crtDefault),
    NETTY_TRANSFER_MANAGER_DEFAULT("S3TransferManager/Netty, default", TransferManagerContestant::nettyDefault),
    APACHE_SYNC("S3Client/Apache 5, streamed, CRC32C", SyncClientContestant::apache),
    URL_CONNECTION_SYNC("S3Client/URLConnection, streamed, CRC32C", SyncClientContestant::urlConnection),
    APACHE_SYNC_DEFAULT("S3Client/Apache 5, one file, default", SyncDefaultContestant::new),
    OPENDAL("OpenDAL, stream, no checksum", OpenDalContestant::streaming),
    OPENDAL_WHOLE("OpenDAL, whole array, no checksum", OpenDalContestant::whole),
    GCS_BLOBSTORE("blobstore, gs:", BlobstoreContestant::gcs),
    GCS_MULTIPART_CLIENT("MultipartUploadClient, slices", GcsMultipartContestant::new),
    GCS_STORAGE("Storage, ranged readers", GcsStorageContestant::new),
    GCS_STORAGE_DEFAULT("Storage, one reader, default", GcsStorageDefaultContestant::new),
    GCS_TRANSFER_MANAGER("TransferManager, in parts", GcsTransferManagerContestant::inParts),
    GCS_TRANSFER_MANAGER_DEFAULT("TransferManager, default", GcsTransferManagerContestant::byDefault),
    GCS_WRITE_SESSION("BlobWriteSession, composite, slices", GcsWriteSessionContestant::new),
    READER("BlobReader", ReaderContestant::readingAhead),
    READER_WITHOUT_READ_AHEAD("BlobReader, reading nothing ahead", ReaderContestant::plain),
    PARALLEL_READER("ParallelReader, into memory", BlobstoreContestant::s3);

    /** Opens a contestant. */
    @FunctionalInterface
    interface Opener {
        Contestant open(Job job) throws Exception;
    }

    final String title;
    private final Opener opener;

    Competitor(String title, Opener opener) {
        this.title = title;
        this.opener = opener;
    }

    /** Opens it for a job, in this JVM. */
    Contestant open(Job job) throws Exception {
        return job.scenario().direction.isOfSmallObjects()
                ? new SmallObjectsContestant(job, ObjectMoves.of(this, job))
                : opener.open(job);
    }

    /** Whether its code is on the class path. */
    boolean isAvailable() {
        return switch (this) {
            case BLOBSTORE, READER, READER_WITHOUT_READ_AHEAD, PARALLEL_READER -> hasStore("s3");
            case GCS_BLOBSTORE -> hasStore("gs");
            case OPENDAL, OPENDAL_WHOLE -> OpenDalContestant.isAvailable();
            default -> true;
        };
    }

    private static boolean hasStore(String scheme) {
        return ServiceLoader.load(BlobStoreProvider.class).stream()
                .anyMatch(provider -> provider.get().scheme().equals(scheme));
    }
}
