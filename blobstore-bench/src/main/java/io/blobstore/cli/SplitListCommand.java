package io.blobstore.cli;

import io.blobstore.split.repository.Repository;
import io.blobstore.split.repository.RepositoryStat;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code blobstore split-ls}. */
@Command(name = "split-ls", description = "Lists the refs and streams of a repository.")
final class SplitListCommand implements Callable<Integer> {
    @Mixin
    final RepositoryOption store = new RepositoryOption();

    @Option(names = "--stat", description = "Print what the streams are together, and what they share, as JSON.")
    boolean stat;

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        try (RepositoryOption.Opened opened = store.open()) {
            Repository repository = opened.repository();
            if (stat) {
                RepositoryStat shared = repository.stat();
                output.out().println(shared.toJson());
                return ExitCode.OK;
            }
            Listing listing = output.listing();
            for (String ref : repository.refs()) {
                print(listing, repository, "refs/" + ref);
            }
            for (String name : repository.streams()) {
                print(listing, repository, name);
            }
            return ExitCode.OK;
        }
    }

    private static void print(Listing listing, Repository repository, String name) throws IOException {
        if (listing.isOpen()) {
            String stream = repository.stream(name).toString();
            listing.print(stream + "  " + name, Map.of("name", name, "stream", stream));
        }
    }
}
