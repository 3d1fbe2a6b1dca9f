package io.blobstore.cli;

import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.memory.MappedFile;
import io.blobstore.split.ContentType;
import io.blobstore.split.Splitter;
import io.blobstore.split.repository.SplitEngine;
import io.blobstore.split.repository.SplitOptions;
import io.blobstore.split.repository.SplitResult;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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

/** {@code blobstore split}. */
@Command(
        name = "split",
        description = "Stores a tar archive or an image as a split stream: what the repository has is not sent again.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class SplitCommand implements Callable<Integer> {
    private static final String SHA_256 = "sha256:";

    @Spec
    CommandSpec command;

    @ParentCommand
    Main main;

    @Parameters(paramLabel = "FILE", description = "The file to split; - for standard input, which is copied first.")
    String file;

    @Mixin
    final RepositoryOption store = new RepositoryOption();

    @Option(names = "--ref", required = true, paramLabel = "REF", description = "The ref that keeps the stream.")
    String ref;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "The stream's name. Default: the ref, with % for its slashes.")
    @Nullable String name;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "tar",
            description = "Where to cut: tar, tar:SIZE (keeps smaller files inline), fixed:SIZE, cdc. Default:"
                    + " ${DEFAULT-VALUE}.")
    String format;

    @Option(names = "--digest", paramLabel = "sha256:HEX", description = "The digest that the content must have.")
    @Nullable String digest;

    @Option(names = "--heal", description = "Read the objects that are present, and replace damaged ones.")
    boolean heal;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0", description = "The number of threads.")
    int threads;

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        SplitOptions options = options();
        main.holdExit();
        if (!file.equals("-")) {
            try (MappedFile mapped = MappedFile.open(Path.of(file))) {
                split(mapped.region(), options);
            }
            return ExitCode.OK;
        }
        Path copy = Files.createTempFile("blobstore-split", ".tmp");
        try {
            Files.copy(System.in, copy, StandardCopyOption.REPLACE_EXISTING);
            split(BlobSource.ofPath(copy), options);
            return ExitCode.OK;
        } finally {
            Files.delete(copy);
        }
    }

    private SplitOptions options() {
        try {
            SplitOptions.Builder options = SplitOptions.builder()
                    .splitter(splitter())
                    .ref(ref)
                    .heal(heal)
                    .concurrency(threads);
            if (format.startsWith("tar")) {
                options.contentType(ContentType.OCI_LAYER);
            }
            if (digest != null) {
                if (!digest.startsWith(SHA_256)) {
                    throw new IllegalArgumentException("--digest must begin with " + SHA_256);
                }
                options.expected(Sha256.parse(digest.substring(SHA_256.length())));
            }
            return options.build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private Splitter splitter() {
        String[] parts = format.split(":", 2);
        String kind = parts[0];
        if (kind.equals("cdc") && parts.length == 1) {
            return Splitter.contentDefined();
        }
        if (kind.equals("tar") && parts.length == 1) {
            return Splitter.tar();
        }
        if (parts.length == 2 && (kind.equals("tar") || kind.equals("fixed"))) {
            int size = Math.toIntExact(ByteSize.parse(parts[1]).bytes());
            return kind.equals("tar") ? Splitter.tar(size) : Splitter.fixed(size);
        }
        throw new IllegalArgumentException("--format must be tar, tar:SIZE, fixed:SIZE or cdc; got '" + format + "'");
    }

    private void split(BlobSource source, SplitOptions options) throws IOException {
        String stream = name != null ? name : ref.replace('/', '%');
        ProgressBar bar = output.bar("Splitting");
        try (RepositoryOption.Opened opened = store.open();
                bar;
                TransferManager transfers = TransferManager.create()) {
            SplitResult result = TransferRun.await(
                            bar, () -> SplitEngine.of(transfers).split(opened.repository(), stream, source, options))
                    .result();
            output.print(new Report()
                    .add("name", result.name())
                    .add("ref", ref)
                    .add("stream", result.stream().toString())
                    .add("bytes", result.progress().bytesParsed())
                    .add("bytesInline", result.progress().bytesInline())
                    .add("objectsPresent", result.progress().objectsPresent())
                    .add("bytesPresent", result.progress().bytesPresent())
                    .add("objectsStored", result.progress().objectsStored())
                    .add("bytesStored", result.progress().bytesStored()));
        }
    }
}
