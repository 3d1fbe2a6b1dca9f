package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.Crc32c;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.UploadOptions;
import io.blobstore.zstd.CompressionOptions;
import io.blobstore.zstd.CompressionResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code blobstore upload}. */
@Command(
        name = "upload",
        description = "Stores a file as a blob: maps it, and sends its parts in parallel straight from the mapping, or"
                + " compresses it meanwhile. Stores standard input and named pipes too, while they are read.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class UploadCommand implements Callable<Integer> {
    private static final long PART_SIZE = 16 << 20;
    private static final int CONCURRENCY = 8;

    @Spec
    CommandSpec command;

    @ParentCommand
    Main main;

    @Parameters(
            paramLabel = "FILE",
            description = "The file to store; - for standard input, or a named pipe:"
                    + " then parts are sent while it is read, and --key is needed.")
    Path file;

    @Mixin
    final StoreOption store = new StoreOption();

    @Option(
            names = "--key",
            converter = KeyConverter.class,
            paramLabel = "KEY",
            description = "The blob's name. Default: the file's name.")
    @Nullable BlobKey key;

    @Mixin
    final PartOptions parts = new PartOptions();

    @Mixin
    final PreconditionOptions condition = new PreconditionOptions();

    @Option(
            names = "--copy",
            description = "Read the file instead of mapping it: one extra copy, but safe if another program may"
                    + " truncate it.")
    boolean copy;

    @Option(names = "--if-changed", description = "Skip the upload if the blob has the file's size and CRC32C already.")
    boolean ifChanged;

    @Option(
            names = "--resume",
            description = "Keep what was stored if the upload is interrupted, and go on with it when the same command"
                    + " is run again with the same file. See 'uploads' for those that were given up.")
    boolean resume;

    @Mixin
    final CompressOptions compression = new CompressOptions();

    @Mixin
    final ContentHeaderOptions headers = new ContentHeaderOptions();

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        UploadOptions options = options();
        Optional<CompressionOptions> compressing = compression.build(options);
        if ((resume || ifChanged) && compressing.isPresent()) {
            throw wrongUsage("--resume and --if-changed do not work with --compress");
        }
        if (StandardInput.isNamedBy(file)) {
            storeStream(options, compressing.isPresent());
            return ExitCode.OK;
        }
        main.holdExit();
        if (copy) {
            store(BlobSource.ofPath(file), options, compressing);
            return ExitCode.OK;
        }
        try (MappedFile mapped = MappedFile.open(file)) {
            store(mapped.region(), options, compressing);
        }
        return ExitCode.OK;
    }

    private UploadOptions options() {
        StoreOptions stored = headers.build(StoreOptions.builder().precondition(condition.precondition()));
        return UploadOptions.builder()
                .partSize(parts.partSize(PART_SIZE))
                .concurrency(parts.concurrency(CONCURRENCY))
                .store(stored)
                .ifChanged(ifChanged)
                .build();
    }

    private void storeStream(UploadOptions options, boolean compressing) throws IOException {
        if (compressing || copy || resume || ifChanged) {
            throw wrongUsage("--compress, --copy, --resume and --if-changed need a file, whose content can be read"
                    + " again; got " + file);
        }
        BlobKey name = key;
        if (name == null) {
            throw wrongUsage("name the blob with --key: " + file + " is not a file");
        }
        main.holdExit();
        try (BlobStore target = store.open()) {
            Measurement<StoredBlob> upload =
                    FileUpload.stream(target, name, StandardInput.open(file), options, output.bar("Storing"));
            StoredBlob blob = upload.result();
            output.print(report(target, name)
                    .add(upload, blob.checksum().orElseThrow(), blob.version().value()));
        }
    }

    private Report report(BlobStore target, BlobKey name) {
        return new Report()
                .add("key", name.toString())
                .add("store", target.toString())
                .add("file", file.toString());
    }

    /** Stores the source, which is opened before the store: an unreadable file must not create an empty store. */
    private void store(BlobSource source, UploadOptions options, Optional<CompressionOptions> compressing)
            throws IOException {
        BlobKey name = key != null ? key : keyOfFile();
        try (BlobStore target = store.open()) {
            if (compressing.isPresent()) {
                compress(target, name, source, compressing.get());
                return;
            }
            UploadOptions resumable = resume
                    ? options.toBuilder()
                            .resumable(UploadJournals.of(file, target, name))
                            .build()
                    : options;
            Measurement<StoredBlob> upload = FileUpload.run(target, name, source, resumable, output.bar("Storing"));
            StoredBlob blob = upload.result();
            Crc32c checksum = blob.checksum().isPresent() ? blob.checksum().get() : Crc32c.of(source);
            Report report =
                    report(target, name).add(upload, checksum, blob.version().value());
            if (ifChanged) {
                report.add("unchanged", blob.isUnchanged());
            }
            output.print(report);
        }
    }

    private void compress(BlobStore target, BlobKey name, BlobSource source, CompressionOptions options)
            throws IOException {
        Measurement<CompressionResult> upload =
                FileUpload.compress(target, name, source, options, output.bar("Compressing"));
        CompressionResult result = upload.result();
        output.print(report(target, name)
                .add(upload, result.crc32c(), result.stored().version().value())
                .add("sha256", result.sha256().hex())
                .addCompression(result.format(), result.contentSize(), result.storedSize()));
    }

    private BlobKey keyOfFile() {
        try {
            return BlobKey.of(String.valueOf(file.getFileName()));
        } catch (IllegalArgumentException e) {
            throw wrongUsage("the file's name is not a valid key: " + e.getMessage() + "; choose one with --key");
        }
    }

    private ParameterException wrongUsage(String problem) {
        return new ParameterException(command.commandLine(), problem);
    }
}
