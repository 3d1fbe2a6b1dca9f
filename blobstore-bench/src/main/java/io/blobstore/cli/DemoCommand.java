package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.ReadResult;
import io.blobstore.StoredBlob;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code blobstore demo}. */
@Command(
        name = "demo",
        description = "Creates a file, maps it, stores it in parallel in a local store, reads it back, verifies it, and"
                + " prints time and heap use.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class DemoCommand implements Callable<Integer> {
    private static final BlobKey KEY = BlobKey.of("demo/blob");

    @ParentCommand
    Main main;

    @Option(
            names = "--size",
            converter = ByteSize.Converter.class,
            paramLabel = "SIZE",
            defaultValue = "1GiB",
            description = "The file's size; needs three times as much free space. Default: ${DEFAULT-VALUE}.")
    ByteSize size;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = "${sys:java.io.tmpdir}",
            description = "The parent of the demo's temporary directory. Default: ${DEFAULT-VALUE}.")
    Path parent;

    @Option(names = "--keep", description = "Keep the temporary directory.")
    boolean keep;

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        requireSpace();
        main.holdExit();
        Path directory = Files.createTempDirectory(parent, "blobstore-demo-");
        Report report;
        try {
            report = run(directory);
        } catch (Throwable e) {
            deleteAfter(e, directory);
            throw e;
        }
        if (keep) {
            report.line("", "The files were kept; to remove them: rm -r " + directory);
        } else {
            delete(directory);
            report.line("", "The files were removed; use --keep to keep them.");
        }
        output.print(report);
        return ExitCode.OK;
    }

    /** Checks the free space first: a disk that fills up would fail too, but late. */
    private void requireSpace() throws IOException {
        if (!Files.readAttributes(parent, BasicFileAttributes.class).isDirectory()) {
            throw new NotDirectoryException(parent.toString());
        }
        long free = Files.getFileStore(parent).getUsableSpace();
        if (size.bytes() > free / 3) {
            throw new FileSystemException(
                    parent.toString(),
                    null,
                    "cannot hold the demo, which needs three times " + size + ": " + ByteSize.text(free)
                            + " are free; choose a smaller --size, or another directory with --dir");
        }
    }

    private Report run(Path directory) throws IOException {
        Path file = directory.resolve("file");
        Path copy = directory.resolve("read-back");
        Path root = Files.createDirectory(directory.resolve("store"));
        RandomFile.create(file, size.bytes(), output.bar("Creating file   "));
        // Without fsync, so that it measures this library and not the disk.
        String uri = "file:" + root.toUri().getRawPath() + "?durability=none";
        try (BlobStore store = BlobStores.open(uri);
                MappedFile mapped = MappedFile.open(file)) {
            Measurement<StoredBlob> upload =
                    FileUpload.run(store, KEY, mapped.region(), UploadOptions.DEFAULT, output.bar("Storing         "));
            Measurement<ReadResult> download =
                    FileDownload.run(store, KEY, BlobTarget.ofPath(copy), false, output.bar("Reading back    "));
            verify(mapped, upload.result(), download.result().checksum(), copy);
            return report(upload, download, uri, file, copy);
        }
    }

    private static void verify(MappedFile file, StoredBlob stored, Crc32c read, Path copy) throws IOException {
        Crc32c checksum = Crc32c.of(file.region());
        if (!read.equals(checksum)
                || !checksum.equals(stored.checksum().orElse(checksum))
                || Files.mismatch(file.path(), copy) >= 0) {
            throw new IntegrityException(Operation.READ, KEY, "the content read differs from the content stored", null);
        }
    }

    private static Report report(
            Measurement<StoredBlob> upload, Measurement<ReadResult> download, String uri, Path file, Path copy) {
        return new Report()
                .add("bytes", upload.bytes(), "size", ByteSize.exactText(upload.bytes()))
                .add("crc32c", download.result().checksum().hex())
                .add("verified", true, "verified", "the checksum, and every byte")
                .line("", "")
                .line("", String.format("%10s %10s %12s   %s", "parts", "seconds", "MiB/s", "heap bytes allocated"))
                .line("stored", row(upload))
                .line("read back", row(download))
                .line("", "")
                .add("file", file.toString())
                .add("store", uri)
                .add("key", KEY.toString())
                .add("readBack", copy.toString(), "read back to", copy.toString())
                .value("version", upload.result().version().value())
                .value("parts", upload.parts())
                .value("seconds", upload.seconds())
                .value("mibPerSecond", upload.mibPerSecond())
                .value("heapBytesAllocated", upload.heapBytesAllocated())
                .value("readParts", download.parts())
                .value("readSeconds", download.seconds())
                .value("readMibPerSecond", download.mibPerSecond())
                .value("readHeapBytesAllocated", download.heapBytesAllocated());
    }

    private static String row(Measurement<?> transfer) {
        return String.format(
                Locale.ROOT,
                "%10d %10.3f %12.0f   %d (%s)",
                transfer.parts(),
                transfer.seconds(),
                transfer.mibPerSecond(),
                transfer.heapBytesAllocated(),
                ByteSize.text(transfer.heapBytesAllocated()));
    }

    private static void deleteAfter(Throwable problem, Path directory) {
        try {
            delete(directory);
        } catch (IOException e) {
            problem.addSuppressed(e);
        }
    }

    private static void delete(Path directory) throws IOException {
        List<Path> deepestFirst;
        try (Stream<Path> paths = Files.walk(directory)) {
            deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : deepestFirst) {
            Files.delete(path);
        }
    }
}
