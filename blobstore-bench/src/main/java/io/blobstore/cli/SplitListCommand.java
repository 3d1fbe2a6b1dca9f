package io.blobstore.cli;

import io.blobstore.split.repository.Repository;
import io.blobstore.split.repository.RepositoryStat;
import java.io.IOException;
import java.io.PrintWriter;
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
            PrintWriter out = output.out();
            if (stat) {
                RepositoryStat shared = repository.stat();
                out.println(shared.toJson());
                return ExitCode.OK;
            }
            for (String ref : repository.refs()) {
                print(out, repository, "refs/" + ref);
            }
            for (String name : repository.streams()) {
                print(out, repository, name);
            }
            return ExitCode.OK;
        }
    }

    private static void print(PrintWriter out, Repository repository, String name) throws IOException {
        out.println(repository.stream(name) + "  " + ErrorLine.printable(name));
    }
}
