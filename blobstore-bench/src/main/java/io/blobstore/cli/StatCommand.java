package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.zstd.CompressedBlob;
import io.blobstore.zstd.CompressedBlobs;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code blobstore stat}. */
@Command(name = "stat", description = "Prints a blob's metadata; of a compressed blob, both sizes and their ratio too.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class StatCommand implements Callable<Integer> {
    @Parameters(paramLabel = "KEY", converter = KeyConverter.class, description = "The blob's name.")
    BlobKey key;

    @Mixin
    final StoreOption store = new StoreOption();

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
            output.print(report);
        }
        return ExitCode.OK;
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
