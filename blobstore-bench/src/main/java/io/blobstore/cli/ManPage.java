package io.blobstore.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Writes manual pages in the format of {@code man}, from what picocli knows of a command. */
final class ManPage {
    private final CommandSpec command;
    private final StringBuilder page = new StringBuilder();

    private ManPage(CommandSpec command) {
        this.command = command;
    }

    /** Returns the pages of a command and all its subcommands, by the names of their files. */
    static Map<String, String> all(CommandSpec program, String version) {
        Map<String, String> pages = new LinkedHashMap<>();
        add(pages, program, version);
        return pages;
    }

    private static void add(Map<String, String> pages, CommandSpec command, String version) {
        pages.put(name(command) + ".1", new ManPage(command).text(version));
        command.subcommands().values().forEach(below -> add(pages, below.getCommandSpec(), version));
    }

    private static String name(CommandSpec command) {
        return command.qualifiedName("-");
    }

    private String text(String version) {
        line(".TH " + escaped(name(command).toUpperCase(Locale.ROOT)) + " 1 \"\" \"" + escaped(version) + "\"");
        List<String> description = lines(command.usageMessage().description());
        String first = description.isEmpty() ? "" : description.get(0);
        int end = first.indexOf(". ");
        section("NAME");
        line(escaped(name(command)) + " \\- "
                + escaped((end < 0 ? first : first.substring(0, end)).replaceAll("\\.$", "")));
        section("SYNOPSIS");
        line(escaped(new Help(command, Help.Ansi.OFF)
                .synopsis(0)
                .replaceAll("\\s+", " ")
                .strip()));
        section("DESCRIPTION");
        paragraphs(description);
        subcommands();
        if (!command.positionalParameters().isEmpty()) {
            section("ARGUMENTS");
            for (PositionalParamSpec parameter : command.positionalParameters()) {
                entry(parameter.paramLabel(), parameter);
            }
        }
        section("OPTIONS");
        for (OptionSpec option : command.options()) {
            if (!option.hidden()) {
                String value = option.arity().max() == 0 ? "" : "=" + option.paramLabel();
                entry(
                        String.join(", ", option.names())
                                + (option.arity().min() == 0 && !value.isEmpty() ? "[" + value + "]" : value),
                        option);
            }
        }
        exitCodes();
        if (command.usageMessage().footer().length > 0) {
            section("EXAMPLES");
            paragraphs(lines(command.usageMessage().footer()));
        }
        if (command.parent() != null) {
            section("SEE ALSO");
            line(".BR " + escaped(name(command.parent())) + " (1)");
        }
        return page.toString();
    }

    private void subcommands() {
        if (command.subcommands().isEmpty()) {
            return;
        }
        section("COMMANDS");
        command.subcommands().values().forEach(below -> {
            line(".TP");
            line(".BR " + escaped(name(below.getCommandSpec())) + " (1)");
            paragraphs(lines(below.getCommandSpec().usageMessage().description()));
        });
    }

    private void exitCodes() {
        section("EXIT STATUS");
        command.usageMessage().exitCodeList().forEach((code, meaning) -> {
            line(".TP");
            line(".B " + escaped(code.strip()));
            line(escaped(meaning));
        });
    }

    private void entry(String term, ArgSpec argument) {
        line(".TP");
        line(".B " + escaped(term));
        List<String> description = new ArrayList<>();
        String defaultValue = String.valueOf(argument.defaultValue());
        for (String line : argument.description()) {
            description.add(line.replace("${DEFAULT-VALUE}", defaultValue));
        }
        paragraphs(description);
    }

    private void paragraphs(List<String> lines) {
        for (String line : lines) {
            if (line.isBlank()) {
                line(".PP");
            } else if (line.startsWith("  ")) { // an example
                line(".br");
                line(escaped(line.strip()));
            } else {
                line(escaped(line));
            }
        }
    }

    private static List<String> lines(String... description) {
        List<String> lines = new ArrayList<>(List.of(description));
        while (!lines.isEmpty() && lines.get(lines.size() - 1).isBlank()) {
            lines.remove(lines.size() - 1);
        }
        return lines;
    }

    private void section(String title) {
        line(".SH " + title);
    }

    private void line(String text) {
        page.append(text).append('\n');
    }

    /** Escapes what roff interprets, and what is not ASCII. */
    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        if (text.startsWith(".") || text.startsWith("'")) {
            escaped.append("\\&");
        }
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\\' -> escaped.append("\\e");
                case '-' -> escaped.append("\\-");
                default -> {
                    if (c < 0x80) {
                        escaped.append((char) c);
                    } else {
                        escaped.append(String.format("\\[u%04X]", c));
                    }
                }
            }
        });
        return escaped.toString();
    }
}
