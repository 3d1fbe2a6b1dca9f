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
import picocli.CommandLine.ParentCommand;

/** {@code blobstore cp}. */
@Command(
        name = "cp",
        description = {
            "Copies a file, the files that a quoted pattern matches, or with -r a directory: to a store, from it,"
                    + " inside it, where the server copies, or to another store.",
            "",
            "SOURCE and TARGET are each " + Endpoint.SYNTAX
                    + " A TARGET that ends with '/', or a local directory, gets the file's name.",
            ""
        })
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class CopyCommand implements Callable<Integer> {
    @ParentCommand
    Main main;

    @Mixin
    final SourceAndTarget ends = new SourceAndTarget();

    @Option(
            names = {"-r", "--recursive"},
            description = "Copy what is in the directory SOURCE into the directory TARGET.")
    boolean recursive;

    @Mixin
    final TreeOptions trees = new TreeOptions();

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        Endpoint from = ends.from();
        Endpoint to = ends.to();
        DirectoryOptions.Builder options = trees.builder();
        main.holdExit();
        TreeRun run = new TreeRun(output, "Copying");
        if (recursive) {
            return run.transfer(ends, from, to, options.build());
        }
        Optional<Endpoint.Matches> pattern = isExistingFile(from) ? Optional.empty() : from.pattern();
        if (pattern.isPresent()) {
            if (!trees.includes.isEmpty()) {
                throw ends.wrongUsage("a pattern and --include exclude each other; use -r with --include");
            }
            return run.transfer(
                    ends,
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
            throw ends.wrongUsage(from + " is a directory; copy it with -r");
        }
        if (trees.hasPatterns() || trees.dryRun) {
            throw ends.wrongUsage("--include, --exclude and --dry-run are for directories and patterns");
        }
    }

    private void copy(Endpoint source, Endpoint target) throws IOException {
        if (source instanceof Endpoint.Local from && target instanceof Endpoint.InStore to) {
            upload(from, to);
        } else if (source instanceof Endpoint.InStore from && target instanceof Endpoint.Local to) {
            download(from, to);
        } else if (source instanceof Endpoint.InStore from && target instanceof Endpoint.InStore to) {
            copyBlob(from, to);
        } else {
            throw TreeRun.localOnly(ends);
        }
    }

    private void copyBlob(Endpoint.InStore from, Endpoint.InStore to) throws IOException {
        BlobKey key = ends.key(from.name());
        BlobKey copy = keyIn(to, from);
        try (StorePair pair = StorePair.open(ends, from, to)) {
            StoredBlob stored = pair.isOne()
                    ? pair.target().copy(key, copy)
                    : FileUpload.copy(
                                    pair.source(),
                                    key,
                                    pair.target(),
                                    copy,
                                    UploadOptions.DEFAULT,
                                    output.bar("Copying"))
                            .result();
            report(from, stored.key().toString(), stored.size());
        }
    }

    private void upload(Endpoint.Local from, Endpoint.InStore to) throws IOException {
        BlobSource content = BlobSource.ofPath(from.path()); // before the store, which may be created
        BlobKey key = keyIn(to, from);
        try (BlobStore store = ends.open(to)) {
            FileUpload.run(store, key, content, UploadOptions.DEFAULT, output.bar("Storing"));
        }
        report(from, key.toString(), content.size());
    }

    private void download(Endpoint.InStore from, Endpoint.Local to) throws IOException {
        BlobKey key = ends.key(from.name());
        Path file = to.path();
        if (to.isDirectoryName()) {
            Files.createDirectories(file);
        }
        if (Files.isDirectory(file)) {
            file = file.resolve(from.lastName());
        }
        try (BlobStore store = ends.open(from)) {
            Measurement<?> read = FileDownload.run(store, key, BlobTarget.ofPath(file), output.bar("Reading"));
            report(from, file.toString(), read.bytes());
        }
    }

    private BlobKey keyIn(Endpoint.InStore target, Endpoint source) {
        return ends.key(target.isDirectoryName() ? target.name() + source.lastName() : target.name());
    }

    private void report(Endpoint from, String to, long bytes) {
        output.print(new Report()
                .add("from", from.name())
                .add("to", to)
                .add("bytes", bytes, "size", ByteSize.exactText(bytes)));
    }
}
