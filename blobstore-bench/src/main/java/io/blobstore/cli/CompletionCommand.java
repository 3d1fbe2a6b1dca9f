package io.blobstore.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code blobstore completion}. */
@Command(
        name = "completion",
        description = "Prints a script with which a shell completes commands and options.",
        footerHeading = "%nTo use it in each new shell:%n",
        footer = {
            "  bash: echo 'source <(blobstore completion bash)' >>~/.bashrc",
            "  zsh:  echo 'source <(blobstore completion zsh)' >>~/.zshrc",
            "  fish: blobstore completion fish >~/.config/fish/completions/blobstore.fish"
        })
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class CompletionCommand implements Callable<Integer> {
    /** The shells that it is for. */
    enum Shell {
        /** GNU Bash. */
        BASH,
        /** The Z shell, which reads completions of Bash. */
        ZSH,
        /** The friendly interactive shell. */
        FISH;

        /** Returns the completion script of all commands. */
        String script(CommandLine commands) {
            return this == FISH
                    ? FishCompletion.script(commands.getCommandSpec())
                    : AutoComplete.bash(commands.getCommandName(), commands);
        }
    }

    @Spec
    CommandSpec command;

    @Parameters(paramLabel = "SHELL", description = "The shell: bash, zsh or fish.")
    Shell shell;

    @Override
    public Integer call() {
        command.commandLine().getOut().print(shell.script(Main.allCommands()));
        return ExitCode.OK;
    }
}
