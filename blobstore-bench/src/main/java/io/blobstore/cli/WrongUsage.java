package io.blobstore.cli;

import java.util.Collection;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Describes what is wrong with a command line, and what may have been meant. */
final class WrongUsage {
    private WrongUsage() {}

    /** Returns the line for a command line that picocli, or a command, has refused. */
    static String line(ParameterException problem) {
        CommandLine command = problem.getCommandLine();
        return problem(problem, command) + "; see '" + command.getCommandSpec().qualifiedName() + " --help'";
    }

    private static String problem(ParameterException problem, CommandLine command) {
        List<String> unmatched = List.of();
        if (problem instanceof UnmatchedArgumentException refused) {
            unmatched = refused.getUnmatched();
        } else if (problem instanceof MissingParameterException) {
            // A required option that is mistyped is missing too.
            unmatched = command.getUnmatchedArguments().stream()
                    .filter(argument -> argument.startsWith("-"))
                    .toList();
        }
        return unmatched.isEmpty() ? String.valueOf(problem.getMessage()) : unknown(unmatched.get(0), command);
    }

    private static String unknown(String argument, CommandLine command) {
        CommandSpec spec = command.getCommandSpec();
        Collection<String> subcommands = command.getSubcommands().keySet();
        if (argument.startsWith("-") && argument.length() > 1) {
            String name = argument.replaceFirst("(?s)=.*", "");
            return "there is no option '" + name + "'"
                    + Suggestions.question(name, spec.optionsMap().keySet());
        }
        if (!subcommands.isEmpty()) {
            return "there is no command '" + spec.qualifiedName() + " " + argument + "'"
                    + Suggestions.question(argument, subcommands);
        }
        return "the argument '" + argument + "' is one too many";
    }
}
