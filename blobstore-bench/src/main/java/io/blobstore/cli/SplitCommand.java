package io.blobstore.cli;

import io.blobstore.Sha256;
import io.blobstore.memory.MappedFile;
import io.blobstore.split.ContentType;
import io.blobstore.split.Splitter;
import io.blobstore.split.oci.OciImage;
import io.blobstore.split.repository.OciImportOptions;
import io.blobstore.split.repository.Repository;
import io.blobstore.split.repository.SplitEngine;
import io.blobstore.split.repository.SplitOptions;
import io.blobstore.split.repository.SplitResult;
import io.blobstore.transfer.TransferManager;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
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
        description = "Stores a tar archive, a disk image or container images as split streams: what the repository has"
                + " is not sent again.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class SplitCommand implements Callable<Integer> {
    private static final String SHA_256 = "sha256:";

    /** As many as a transfer manager has by default where there are no virtual threads. */
    private static final int MAX_THREADS = 16;

    @Spec
    CommandSpec command;

    @ParentCommand
    Main main;

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "The file to split; - for standard input.")
    @Nullable String file;

    @Mixin
    final ImageOptions images = new ImageOptions();

    @Mixin
    final RepositoryOption store = new RepositoryOption();

    @Option(
            names = "--ref",
            paramLabel = "REF",
            description = "The ref that keeps the stream. With --oci the name of the image, which is kept by the ref"
                    + " oci/NAME; default: its name in the layout.")
    @Nullable String ref;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "The stream's name. Default: the ref, with %% for its slashes.")
    @Nullable String name;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "Where to cut: tar, tar:SIZE (keeps files of up to SIZE inline; tar:64KiB saves requests in"
                    + " buckets, but composefs makes no image of it), fixed:SIZE, cdc. Default: tar.")
    @Nullable String format;

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
        if (images.layout != null) {
            splitImages(images.layout);
        } else if (file == null || ref == null) {
            throw wrongUse("either FILE and --ref are needed, or --oci");
        } else if (images.image != null || images.platform != null) {
            throw wrongUse("--image and --platform are for --oci");
        } else {
            splitFile(file, ref);
        }
        return ExitCode.OK;
    }

    private void splitImages(Path layout) throws IOException {
        if (file != null || name != null || format != null || digest != null) {
            throw wrongUse("FILE, --name, --format and --digest are not for --oci");
        }
        if (threads < 0) {
            throw wrongUse("--threads must be 0 or more; got " + threads);
        }
        Map<String, OciImage> named = images.open(layout, ref);
        try {
            for (String image : named.keySet()) {
                OciImportOptions.builder().name(image);
            }
        } catch (IllegalArgumentException e) {
            throw wrongUse(e.getMessage());
        }
        main.holdExit();
        try (RepositoryOption.Opened opened = store.open()) {
            new ImageImport(opened.repository(), output).run(named, heal, threads);
        }
    }

    private void splitFile(String file, String ref) throws IOException {
        String stream = name != null ? name : ref.replace('/', '%');
        SplitOptions options = options(ref);
        main.holdExit();
        try (RepositoryOption.Opened opened = store.open()) {
            if (file.equals("-")) {
                splitStandardInput(opened.repository(), stream, options);
                return;
            }
            try (MappedFile mapped = MappedFile.open(Path.of(file));
                    TransferManager transfers = TransferManager.create()) {
                SplitEngine engine = SplitEngine.of(transfers);
                split(ref, () -> engine.split(opened.repository(), stream, mapped.region(), options));
            }
        }
    }

    /** Reads through a channel, on threads of the platform: Ctrl-C then ends a read that waits for a pipe. */
    private void splitStandardInput(Repository repository, String stream, SplitOptions options) throws IOException {
        ExecutorService threads = TransferRun.threads(MAX_THREADS);
        try (FileInputStream input = new FileInputStream(FileDescriptor.in);
                TransferManager transfers =
                        TransferManager.builder().executor(threads).build()) {
            SplitEngine engine = SplitEngine.of(transfers);
            split(options.ref().orElseThrow(), () -> engine.split(repository, stream, input.getChannel(), options));
        } finally {
            threads.shutdown();
        }
    }

    private SplitOptions options(String ref) {
        String cuts = format != null ? format : "tar";
        try {
            SplitOptions.Builder options = SplitOptions.builder()
                    .splitter(splitter(cuts))
                    .ref(ref)
                    .heal(heal)
                    .concurrency(threads);
            if (cuts.startsWith("tar")) {
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
            throw wrongUse(e.getMessage());
        }
    }

    private ParameterException wrongUse(@Nullable String problem) {
        return new ParameterException(command.commandLine(), ErrorLine.printable(problem));
    }

    private static Splitter splitter(String format) {
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

    private void split(String ref, TransferRun.Begin<SplitResult> start) throws IOException {
        try (ProgressBar bar = output.bar("Splitting")) {
            SplitResult result = TransferRun.await(bar, start).result();
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
