package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.StoredBlob;
import io.blobstore.directory.DirectoryOptions;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code blobstore cp}. */
@Command(
        name = "cp",
        description = {
            "Copies a file, the files that a quoted pattern matches, or with -r a directory: to a store, from it, or"
                    + " inside it, where the server copies.",
            "",
            "SOURCE and TARGET are each " + Endpoint.SYNTAX,
            ""
        })
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class CopyCommand implements Callable<Integer> {
    @ParentCommand
    Main main;

    @Parameters(index = "0", paramLabel = "SOURCE", description = "What to copy, such as 'logs/*.gz'.")
    String source;

    @Parameters(
            index = "1",
            paramLabel = "TARGET",
            description = "The copy; one that ends with '/', or a local directory, gets the file's name.")
    String target;

    @Option(
            names = {"-r", "--recursive"},
            description = "Copy what is in the directory SOURCE into the directory TARGET.")
    boolean recursive;

    @Mixin
    final EndpointOption stores = new EndpointOption();

    @Mixin
    final TreeOptions trees = new TreeOptions();

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        Endpoint from = stores.parse(source);
        Endpoint to = stores.parse(target);
        DirectoryOptions.Builder options = trees.builder();
        main.holdExit();
        TreeRun run = new TreeRun(output);
        if (recursive) {
            return run.transfer(stores, from, to, options.build());
        }
        Optional<Endpoint.Matches> pattern = isExistingFile(from) ? Optional.empty() : from.pattern();
        if (pattern.isPresent()) {
            if (!trees.includes.isEmpty()) {
                throw stores.wrongUsage("a pattern and --include exclude each other; use -r with --include");
            }
            return run.transfer(
                    stores,
                    pattern.get().directory(),
                    to,
                    options.include(pattern.get().pattern()).build());
        }
        requireOneFile(from);
        copy(from, to);
        return ExitCode.OK;
    }

    private static boolean isExistingFile(Endpoint endpoint) {
        return endpoint instanceof Endpoint.Local local && Files.exists(local.path());
    }

    private void requireOneFile(Endpoint from) {
        boolean directory =
                from instanceof Endpoint.Local local ? Files.isDirectory(local.path()) : from.isDirectoryName();
        if (directory) {
            throw stores.wrongUsage(from + " is a directory; copy it with -r");
        }
        if (trees.hasPatterns() || trees.dryRun) {
            throw stores.wrongUsage("--include, --exclude and --dry-run are for directories and patterns");
        }
    }

    private void copy(Endpoint source, Endpoint target) throws IOException {
        if (source instanceof Endpoint.Local from && target instanceof Endpoint.InStore to) {
            upload(from, to);
        } else if (source instanceof Endpoint.InStore from && target instanceof Endpoint.Local to) {
            download(from, to);
        } else if (source instanceof Endpoint.InStore from
                && target instanceof Endpoint.InStore to
                && from.store().equals(to.store())) {
            try (BlobStore store = stores.open(from)) {
                StoredBlob copy = store.copy(stores.key(from.name()), keyIn(to, from));
                report(from, copy.key().toString(), copy.size());
            }
        } else {
            throw TreeRun.unsupported(stores, source);
        }
    }

    private void upload(Endpoint.Local from, Endpoint.InStore to) throws IOException {
        BlobSource content = BlobSource.ofPath(from.path()); // before the store, which may be created
        BlobKey key = keyIn(to, from);
        try (BlobStore store = stores.open(to)) {
            FileUpload.run(store, key, content, UploadOptions.DEFAULT, output.bar("Storing"));
        }
        report(from, key.toString(), content.size());
    }

    private void download(Endpoint.InStore from, Endpoint.Local to) throws IOException {
        BlobKey key = stores.key(from.name());
        Path file = to.path();
        if (to.isDirectoryName()) {
            Files.createDirectories(file);
        }
        if (Files.isDirectory(file)) {
            file = file.resolve(from.lastName());
        }
        try (BlobStore store = stores.open(from)) {
            Measurement<?> read = FileDownload.run(store, key, BlobTarget.ofPath(file), output.bar("Reading"));
            report(from, file.toString(), read.bytes());
        }
    }

    private BlobKey keyIn(Endpoint.InStore target, Endpoint source) {
        return stores.key(target.isDirectoryName() ? target.name() + source.lastName() : target.name());
    }

    private void report(Endpoint from, String to, long bytes) {
        output.print(new Report()
                .add("from", from.name())
                .add("to", to)
                .add("bytes", bytes, "size", ByteSize.exactText(bytes)));
    }
}
