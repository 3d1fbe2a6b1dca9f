package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The files for the public repository are valid YAML, and the workflows run what there is, with few rights. */
class WorkflowsTest {
    private static final Path GITHUB = Page.ROOT.resolve(".github");

    private static List<Path> files(String under) throws IOException {
        try (Stream<Path> paths = Files.walk(GITHUB.resolve(under))) {
            return paths.filter(path -> path.toString().endsWith(".yml"))
                    .sorted()
                    .toList();
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> yaml(Path file) throws IOException {
        return (Map<String, Object>)
                new Load(LoadSettings.builder().setLabel(file.toString()).build())
                        .loadFromString(Files.readString(file));
    }

    @Test
    void eachFileIsYaml() throws IOException {
        assertThat(files("")).hasSizeGreaterThanOrEqualTo(6);
        for (Path file : files("")) {
            assertThat(yaml(file)).as(file.toString()).isNotEmpty();
        }
    }

    @Test
    void eachTemplateHasFieldsThatGithubKnows() throws IOException {
        for (Path file : files("ISSUE_TEMPLATE")) {
            if (!file.endsWith("config.yml")) {
                Map<String, Object> form = yaml(file);
                assertThat(form).as(file.toString()).containsKeys("name", "description", "body");
                assertThat((List<?>) form.get("body"))
                        .allSatisfy(field -> assertThat(((Map<?, ?>) field).get("type"))
                                .isIn("markdown", "textarea", "input", "dropdown", "checkboxes"));
            }
        }
    }

    @Test
    void eachWorkflowReadsOnlyAndEnds() throws IOException {
        for (Path file : files("workflows")) {
            Map<String, Object> workflow = yaml(file);
            assertThat(workflow).containsEntry("permissions", Map.of("contents", "read"));
            for (Map<?, ?> job : jobs(workflow)) {
                assertThat((Integer) job.get("timeout-minutes"))
                        .as(file.toString())
                        .isBetween(1, 360);
            }
        }
    }

    @Test
    void actionsArePinnedToAMajorVersionOrACommit() throws IOException {
        int actions = 0;
        for (Path file : files("workflows")) {
            for (Map<?, ?> step : steps(yaml(file))) {
                if (step.containsKey("uses")) {
                    assertThat((String) step.get("uses")).matches("[\\w-]+/[\\w-]+@(v\\d+|[0-9a-f]{40})");
                    actions++;
                }
            }
        }
        assertThat(actions).isPositive();
    }

    /** A secret in a script would be in the process list; in an environment variable, GitHub masks it. */
    @Test
    void scriptsContainNoExpressionsAndRunWhatThereIs() throws IOException {
        String pom = Files.readString(Page.ROOT.resolve("pom.xml"));
        for (Path file : files("workflows")) {
            for (Map<?, ?> step : steps(yaml(file))) {
                String script = String.valueOf(step.containsKey("run") ? step.get("run") : "");
                assertThat(script).as(file.toString()).doesNotContain("${{");
                for (String word : script.split("\\s+")) {
                    if (word.startsWith("./") || word.startsWith(".ci/")) {
                        assertThat(Page.ROOT.resolve(word)).exists();
                    } else if (word.startsWith("-P")) {
                        assertThat(pom).contains("<id>" + word.substring(2) + "</id>");
                    }
                }
            }
        }
    }

    @Test
    void theNightlyRunHasEveryModuleWithTests() throws IOException {
        String nightly = Files.readString(GITHUB.resolve("workflows/nightly.yml"));
        String pom = Files.readString(Page.ROOT.resolve("pom.xml"));
        Pattern.compile("<module>(.*)</module>")
                .matcher(pom)
                .results()
                .map(found -> found.group(1))
                .filter(module -> Files.exists(Page.ROOT.resolve(module + "/src/test")))
                .forEach(module -> assertThat(nightly).contains("- " + module + "\n"));
    }

    private static List<Map<?, ?>> jobs(Map<String, Object> workflow) {
        List<Map<?, ?>> jobs = new ArrayList<>();
        ((Map<?, ?>) workflow.get("jobs")).values().forEach(job -> jobs.add((Map<?, ?>) job));
        return jobs;
    }

    private static List<Map<?, ?>> steps(Map<String, Object> workflow) {
        List<Map<?, ?>> steps = new ArrayList<>();
        jobs(workflow).forEach(job -> ((List<?>) job.get("steps")).forEach(step -> steps.add((Map<?, ?>) step)));
        return steps;
    }
}
