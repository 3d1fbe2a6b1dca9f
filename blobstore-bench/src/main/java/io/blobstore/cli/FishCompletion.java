package io.blobstore.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * Writes completions for the shell fish, which picocli has none for: a line for each command and each option, with the
 * condition under which fish offers it.
 */
final class FishCompletion {
    /** Compare the words that are given, without options, with those of a command: all of them, or the first ones. */
    private static final String FUNCTIONS = """
        function __fish_PROGRAM_words
            set -l words (commandline -opc)
            set -e words[1]
            string match -v -- '-*' $words
        end
        function __fish_PROGRAM_at
            set -l words (__fish_PROGRAM_words)
            test "$words" = "$argv"
        end
        function __fish_PROGRAM_below
            set -l words (__fish_PROGRAM_words)
            set -l given (count $argv)
            test (count $words) -ge $given; and test "$words[1..$given]" = "$argv"
        end
        """;

    private final String program;
    private final StringBuilder script = new StringBuilder();

    private FishCompletion(String program) {
        this.program = program;
    }

    /** Returns the script for a command and all its subcommands. */
    static String script(CommandSpec program) {
        FishCompletion completion = new FishCompletion(program.name());
        completion.script.append(FUNCTIONS.replace("PROGRAM", program.name()));
        completion.add(program, List.of());
        return completion.script.toString();
    }

    private void add(CommandSpec command, List<String> path) {
        command.subcommands()
                .forEach((name, subcommand) -> line(
                        condition(command, path), "-f", "-a", quoted(name), describe(subcommand.getCommandSpec())));
        for (OptionSpec option : command.options()) {
            if (!option.hidden()) {
                addOption(condition(command, path), option);
            }
        }
        for (PositionalParamSpec parameter : command.positionalParameters()) {
            String values = values(parameter);
            if (!values.isEmpty()) {
                line(condition(command, path), "-f", "-a", quoted(values), "");
            }
        }
        command.subcommands().forEach((name, subcommand) -> {
            List<String> below = new ArrayList<>(path);
            below.add(name);
            add(subcommand.getCommandSpec(), below);
        });
    }

    private void addOption(String condition, OptionSpec option) {
        String names = Arrays.stream(option.names())
                .map(name -> name.startsWith("--") ? "-l " + name.substring(2) : "-s " + name.substring(1))
                .collect(Collectors.joining(" "));
        String values = values(option);
        String argument = "";
        if (!values.isEmpty()) {
            argument = "-x -a " + quoted(values);
        } else if (option.arity().min() > 0) {
            argument = isPath(option) ? "-r -F" : "-x";
        }
        line(condition, names, argument, "-d", quoted(sentence(option.description())));
    }

    /** Returns when the words of a command are given: it offers its options, and subcommands if none is given. */
    private String condition(CommandSpec command, List<String> path) {
        String test = command.subcommands().isEmpty() ? "below" : "at";
        return "-n " + quoted(("__fish_" + program + "_" + test + " " + String.join(" ", path)).strip());
    }

    private static boolean isPath(ArgSpec argument) {
        return argument.paramLabel().equals("FILE") || argument.paramLabel().equals("DIR");
    }

    private static String values(ArgSpec argument) {
        return argument.completionCandidates() == null
                ? ""
                : StreamSupport.stream(argument.completionCandidates().spliterator(), false)
                        .map(value -> value.toLowerCase(Locale.ROOT)) // names of enums, which are taken in any case
                        .collect(Collectors.joining(" "));
    }

    private static String describe(CommandSpec command) {
        return "-d " + quoted(sentence(command.usageMessage().description()));
    }

    /** Returns the first sentence of a description, without its full stop. */
    private static String sentence(String... description) {
        String text = String.join(" ", description).replace("%n", " ");
        int end = text.indexOf(". ");
        return (end < 0 ? text : text.substring(0, end)).replaceAll("\\.$", "");
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }

    private void line(String... words) {
        script.append("complete -c ").append(program);
        for (String word : words) {
            if (!word.isEmpty()) {
                script.append(' ').append(word);
            }
        }
        script.append('\n');
    }
}
