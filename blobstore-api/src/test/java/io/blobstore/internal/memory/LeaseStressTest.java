package io.blobstore.internal.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.ChildJvm.Exit;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.Main;

/**
 * Runs the concurrency stress tests: for a short while in the quick tier, with actors compiled and bound to processors
 * in all ways in the campaign tier.
 */
@Tag("jdk")
class LeaseStressTest {
    private static final Path RESULTS = Path.of("target", "jcstress");

    @Test
    void leasesAreCountedRightUnderRaces() throws Exception {
        removeOldResults();

        Exit exit = ChildJvm.of(Main.class, Files.createDirectories(RESULTS))
                .run(CampaignScale.isFull() ? Duration.ofHours(1) : Duration.ofMinutes(5), arguments());

        assertThat(exit.code()).as(exit.output()).isZero();
        assertThat(exit.output()).contains("Failed tests: No matches", "Error tests: No matches");
        // Seven races of two actors, and on larger machines three more of three.
        assertThat(exit.output()).containsPattern("All remaining tests: ([7-9]|10) matching test results");
    }

    /** One configuration of the JVM in either tier; otherwise there would be hours of them. */
    private static String[] arguments() {
        List<String> arguments = new ArrayList<>(List.of("-t", "io\\.blobstore\\..*", "-jvmArgs", "-Xmx256m"));
        if (CampaignScale.isFull()) {
            arguments.addAll(List.of("-m", "quick"));
        } else {
            // One short round, and neither binding to processors nor separate compilation of actors, which need a JVM
            // per combination.
            arguments.addAll(
                    List.of("-m", "sanity", "-iters", "1", "-time", "100", "-fsm", "0", "-sc", "false", "-af", "NONE"));
        }
        return arguments.toArray(String[]::new);
    }

    /** Results are named by time and would pile up. */
    private static void removeOldResults() throws IOException {
        if (Files.isDirectory(RESULTS)) {
            try (DirectoryStream<Path> old = Files.newDirectoryStream(RESULTS, "*.bin.gz")) {
                for (Path file : old) {
                    Files.delete(file);
                }
            }
        }
    }
}
