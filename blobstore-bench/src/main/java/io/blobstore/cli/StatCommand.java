package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.ReadOptions;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.ReaderOptions;
import io.blobstore.transfer.TransferManager;
import io.blobstore.zstd.CompressedBlob;
import io.blobstore.zstd.CompressedBlobs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.zip.CRC32C;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blobstore stat}. */
@Command(name = "stat", description = "Prints a blob's metadata; of a compressed blob, both sizes and their ratio too.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class StatCommand implements Callable<Integer> {
    private static final int PIECE = 1 << 20;

    @Parameters(paramLabel = "KEY", converter = KeyConverter.class, description = "The blob's name.")
    BlobKey key;

    @Mixin
    final StoreOption store = new StoreOption();

    @Option(
            names = "--checksum",
            description =
                    "Read the whole blob, compute the CRC32C of what is read, and fail if the stored one differs.")
    boolean checksum;

    @Mixin
    final ContentOption content = new ContentOption();

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        try (BlobStore source = store.open()) {
            BlobMetadata blob = source.head(key);
            Report report = new Report()
                    .add("key", key.toString())
                    .add("store", source.toString())
                    .add("bytes", blob.size(), "size", ByteSize.exactText(blob.size()));
            blob.checksum().ifPresent(checksum -> report.add("crc32c", checksum.hex()));
            report.add("version", blob.version().value())
                    .add(
                            "lastModified",
                            blob.lastModified().toString(),
                            "stored",
                            blob.lastModified().toString());
            add(report, "contentType", "content type", blob.contentType());
            add(report, "contentEncoding", "content encoding", blob.contentEncoding());
            add(report, "contentLanguage", "content language", blob.contentLanguage());
            add(report, "contentDisposition", "content disposition", blob.contentDisposition());
            add(report, "cacheControl", "cache control", blob.cacheControl());
            report.add("userMetadata", blob.userMetadata(), "user metadata", text(blob));
            if (content.isContent(blob)) {
                addContent(report, CompressedBlobs.of(source).stat(key));
            }
            if (checksum) {
                Crc32c computed = checksumOf(content.view(source), blob.version());
                report.add("computedCrc32c", computed.hex(), "crc32c of what was read", computed.hex());
            }
            output.print(report);
        }
        return ExitCode.OK;
    }

    /** Reads a version of the blob, which is compared with its stored checksum meanwhile. */
    private Crc32c checksumOf(BlobStore source, BlobVersion version) throws IOException {
        ReaderOptions options =
                ReaderOptions.builder().read(ReadOptions.ifMatch(version)).build();
        CRC32C crc = new CRC32C();
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        try (TransferManager manager = TransferManager.create();
                BlobReader blob = manager.openReader(source, key, options)) {
            while (blob.read(piece.clear()) >= 0) {
                crc.update(piece.flip());
            }
        }
        return new Crc32c((int) crc.getValue());
    }

    private static void addContent(Report report, CompressedBlob blob) {
        BlobMetadata content = blob.content();
        report.addCompression(blob.format(), content.size(), blob.stored().size())
                .add("frameCount", blob.frameCount(), "frames", String.valueOf(blob.frameCount()));
        content.checksum()
                .ifPresent(checksum ->
                        report.add("contentCrc32c", checksum.hex(), "crc32c of the content", checksum.hex()));
        blob.sha256().ifPresent(digest -> report.add("sha256", digest.hex(), "sha256 of the content", digest.hex()));
    }

    private static void add(Report report, String name, String label, Optional<String> value) {
        value.ifPresent(text -> report.add(name, text, label, text));
    }

    private static String text(BlobMetadata blob) {
        return blob.userMetadata().isEmpty() ? "none" : blob.userMetadata().toString();
    }
}
