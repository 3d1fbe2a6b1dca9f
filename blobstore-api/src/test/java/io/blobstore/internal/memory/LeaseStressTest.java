package io.blobstore.internal.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.ChildJvm.Exit;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.Main;

/**
 * Runs the concurrency stress tests for a short while. For a long one, run {@code org.openjdk.jcstress.Main} on the
 * class path of the tests without the limits below.
 */
@Tag("jdk")
class LeaseStressTest {
    private static final Path RESULTS = Path.of("target", "jcstress");

    @Test
    void leasesAreCountedRightUnderRaces() throws Exception {
        removeOldResults();

        Exit exit = ChildJvm.of(Main.class, Files.createDirectories(RESULTS))
                .run(
                        Duration.ofMinutes(5),
                        "-t",
                        "io\\.blobstore\\..*",
                        // What follows bounds the time: one JVM configuration, few and short rounds, and neither
                        // processor binding nor separate compilation of actors, which need a JVM per combination.
                        "-m",
                        "quick",
                        "-jvmArgs",
                        "-Xmx256m",
                        "-f",
                        "1",
                        "-fsm",
                        "0",
                        "-iters",
                        "2",
                        "-time",
                        "200",
                        "-sc",
                        "false",
                        "-af",
                        "NONE");

        assertThat(exit.code()).as(exit.output()).isZero();
        assertThat(exit.output()).contains("Failed tests: No matches", "Error tests: No matches");
        // Seven races of two actors, and on larger machines three more of three.
        assertThat(exit.output()).containsPattern("All remaining tests: ([7-9]|10) matching test results");
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
