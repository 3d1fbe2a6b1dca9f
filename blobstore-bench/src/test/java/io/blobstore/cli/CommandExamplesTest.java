package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.docs.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Every command in the documents is one that picocli accepts. None of them runs. */
class CommandExamplesTest {
    private static final CommandLine COMMANDS = Main.allCommands();

    /** A command at the beginning of a line, or behind a pipe, an assignment or an operator. */
    private static final Pattern COMMAND = Pattern.compile("(?:^|[|;&(]\\s*|\\$ |=\\S* )(?:\\./)?blobstore (.*)$");

    private static final Pattern WORD = Pattern.compile("\\G\\s*((?:'[^']*'|\"[^\"]*\"|[^\\s'\"|;&<>()#]|(?<=\\S)#)+)");

    @Test
    void everyCommandIsAccepted() {
        List<String> refused = new ArrayList<>();
        int commands = 0;
        for (Page page : Page.all()) {
            for (Page.Block block : page.blocks("sh")) {
                for (String line : block.text().replace("\\\n", " ").split("\n")) {
                    Matcher command = COMMAND.matcher(line);
                    if (command.find()) {
                        commands++;
                        refusal(words(command.group(1)))
                                .ifPresent(problem -> refused.add(page + ": " + line + ": " + problem));
                    }
                }
            }
        }
        assertThat(refused).isEmpty();
        assertThat(commands).isGreaterThan(20);
    }

    @Test
    void thePageHasEveryCommand() {
        String page = Page.of("docs/cli.md").text();
        assertThat(Commands.all().keySet()).allSatisfy(name -> assertThat(page).containsPattern("`" + name + "[ `]"));
    }

    @Test
    void aCommandThatPicocliRefusesIsFound() {
        assertThat(refusal(words("upload disk.img --stroe file:/d"))).isPresent();
        assertThat(refusal(words("uplaod disk.img --store file:/d"))).isPresent();
        assertThat(refusal(words("cat key --store file:/d --range x"))).isPresent();
        assertThat(refusal(words("download key --store file:/d")))
                .get()
                .asString()
                .contains("--to");
        assertThat(refusal(words("cp -r photos"))).get().asString().contains("TARGET");
        assertThat(refusal(words("upload disk.img --store file:/d"))).isEmpty();
    }

    @Test
    void wordsAreThoseOfAShell() {
        assertThat(words("cat a/b --store 's3://b?x=1&y=2' --range 1-2 >part # a comment"))
                .containsExactly("cat", "a/b", "--store", "s3://b?x=1&y=2", "--range", "1-2");
        assertThat(words("list --store mem: | head")).containsExactly("list", "--store", "mem:");
    }

    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(line);
        while (word.find()) {
            words.add(word.group(1).replaceAll("['\"]", ""));
        }
        return words;
    }

    /** Returns what is wrong with a command, or missing; it is parsed, and not run. */
    private static Optional<String> refusal(List<String> words) {
        try {
            COMMANDS.parseArgs(words.toArray(String[]::new));
            return Optional.empty();
        } catch (ParameterException e) {
            return Optional.of(WrongUsage.line(e));
        }
    }
}
