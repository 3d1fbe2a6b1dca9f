package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.directory.DirectoryOptions;
import io.blobstore.directory.FailureMode;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code blobstore rm}. */
@Command(
        name = "rm",
        description = {
            "Deletes a blob, the blobs that a quoted pattern matches, or with --prefix all blobs whose names begin with"
                    + " NAME; succeeds if there are none. 'delete' takes names literally.",
            "",
            "NAME is s3://bucket/name or gs://bucket/name; :name in the store of --store; or STORE:name, where STORE is"
                    + " a name in the configuration file.",
            ""
        })
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class RemoveCommand implements Callable<Integer> {
    @ParentCommand
    Main main;

    @Parameters(paramLabel = "NAME", description = "What to delete, such as ':logs/*.gz'.")
    String name;

    @Option(names = "--prefix", description = "Delete all blobs whose names begin with NAME, which must not be empty.")
    boolean prefix;

    @Option(names = "--dry-run", description = "Print what would be deleted, and delete nothing.")
    boolean dryRun;

    @Mixin
    final EndpointOption stores = new EndpointOption();

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        if (!(stores.parse(name) instanceof Endpoint.InStore blobs)) {
            throw stores.wrongUsage("'" + name + "' is a local path; write :" + name + " for a name in the store of"
                    + " --store, or s3://bucket/" + name);
        }
        if (blobs.name().isEmpty()) {
            throw stores.wrongUsage(
                    "NAME is empty, and would be every blob of the store; use the pattern '**' for that");
        }
        main.holdExit();
        Optional<Endpoint.Matches> pattern = prefix ? Optional.empty() : blobs.pattern();
        if (pattern.isEmpty() && !prefix) {
            return deleteOne(blobs);
        }
        DirectoryOptions.Builder options =
                DirectoryOptions.builder().dryRun(dryRun).failureMode(FailureMode.CONTINUE);
        pattern.ifPresent(matches -> options.include(matches.pattern()));
        String first = pattern.map(matches -> matches.directory().name()).orElse(blobs.name());
        return new TreeRun(output, "Deleting")
                .inStore(
                        stores,
                        blobs,
                        options.build(),
                        store -> (directories, all) -> directories.delete(store, first, all));
    }

    private int deleteOne(Endpoint.InStore blob) throws IOException {
        BlobKey key = stores.key(blob.name());
        if (!dryRun) {
            try (BlobStore store = stores.open(blob)) {
                store.delete(key);
            }
        }
        output.print(new Report().add("key", key.toString(), dryRun ? "would delete" : "deleted", key.toString()));
        return ExitCode.OK;
    }
}
