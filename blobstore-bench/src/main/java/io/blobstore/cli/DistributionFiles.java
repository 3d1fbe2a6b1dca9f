package io.blobstore.cli;

import io.blobstore.cli.CompletionCommand.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine;

/** Writes what a distribution has beside the program: completions and manual pages. */
final class DistributionFiles {
    private DistributionFiles() {}

    /**
     * Writes the files.
     *
     * @param args the directory {@code share} of the distribution, which may be missing
     */
    public static void main(String[] args) throws IOException {
        Path share = Path.of(args[0]);
        CommandLine commands = Main.allCommands();
        write(share.resolve("bash-completion/completions/blobstore"), Shell.BASH.script(commands));
        write(share.resolve("fish/vendor_completions.d/blobstore.fish"), Shell.FISH.script(commands));
        Map<String, String> pages = ManPage.all(commands.getCommandSpec(), new Main.Version().getVersion()[0]);
        for (Map.Entry<String, String> page : pages.entrySet()) {
            write(share.resolve("man/man1").resolve(page.getKey()), page.getValue());
        }
    }

    private static void write(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }
}
